// Bounded decoding of foreign bytes: limits are checked on the header, before anything is allocated.
// All functions are thread-safe.
#pragma once

#include <cstdint>

#include "winnow/core/bytes.hpp"
#include "winnow/core/error.hpp"
#include "winnow/image/format.hpp"
#include "winnow/image/image.hpp"

namespace winnow::image {

struct DecodeOptions {
  std::uint64_t max_pixels = 40'000'000;  // width * height as the header claims
  // Above 0, a JPEG may be decoded at 1/2, 1/4 or 1/8 as long as its shorter side stays at least this long.
  int min_side = 0;
};

struct ImageInfo {
  Format format = Format::kUnknown;
  int width = 0;  // as seen: after the EXIF orientation (JPEG, PNG, WebP) or the AVIF transforms
  int height = 0;
  bool animated = false;     // decode() gives the first frame
  bool upright = true;       // also as stored: there is nothing to turn
  bool progressive = false;  // of JPEG: all coefficients are kept while it is decoded
};

// A picture as people see it.
struct Decoded {
  ImageInfo info;
  Image pixels;  // upright
};

// Failure codes: "empty", "not_an_image" (HTML, PDF, unknown bytes), "unsupported_format" (TIFF, HEIC, SVG),
// "too_large" (above max_pixels), "truncated", "corrupt".

// Reads headers only. A file that passes can still fail in decode().
[[nodiscard]] Result<ImageInfo> inspect(ByteSpan bytes, const DecodeOptions& options = {});

// What decoding takes at most, besides the bytes themselves: for budgets. min_side as in DecodeOptions.
[[nodiscard]] std::uint64_t decoding_bytes(const ImageInfo& info, int min_side);

// Decodes completely. Upright by its orientation tag; alpha composited on white; grey, palette, CMYK and
// 16-bit converted to 8-bit RGB; embedded colour profiles are ignored. A file that ends early is "truncated"
// even where a viewer would show its upper part.
[[nodiscard]] Result<Image> decode(ByteSpan bytes, const DecodeOptions& options = {});
// The same, with what the header says.
[[nodiscard]] Result<Decoded> decode_with_info(ByteSpan bytes, const DecodeOptions& options = {});

}  // namespace winnow::image
