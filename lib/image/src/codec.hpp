// What every format's reader gives, and how it says that it cannot. Private to the module.
#pragma once

#include <cstdint>
#include <optional>

#include "winnow/core/bytes.hpp"
#include "winnow/core/error.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/image/format.hpp"
#include "winnow/image/image.hpp"

namespace winnow::image {

enum class Extent { kHeader, kPixels };

// A picture as its file stores it, not yet upright.
struct Stored {
  int width = 0;  // as the header claims, even where pixels were decoded at a smaller scale
  int height = 0;
  bool animated = false;
  bool progressive = false;
  int orientation = 1;  // as in EXIF, 1 to 8
  Image pixels;         // empty for Extent::kHeader
};

// Each expects bytes that carry its signature, checks the size before it allocates, and may throw
// std::bad_alloc.
[[nodiscard]] Result<Stored> read_jpeg(ByteSpan bytes, const DecodeOptions& options, Extent extent);
[[nodiscard]] Result<Stored> read_png(ByteSpan bytes, const DecodeOptions& options, Extent extent);
[[nodiscard]] Result<Stored> read_webp(ByteSpan bytes, const DecodeOptions& options, Extent extent);
[[nodiscard]] Result<Stored> read_gif(ByteSpan bytes, const DecodeOptions& options, Extent extent);
[[nodiscard]] Result<Stored> read_avif(ByteSpan bytes, const DecodeOptions& options, Extent extent);
[[nodiscard]] Result<Stored> read_bmp(ByteSpan bytes, const DecodeOptions& options, Extent extent);

// By how much a JPEG is shrunk while it is decoded, 1 to 8, so that its shorter side stays at least min_side.
[[nodiscard]] int jpeg_scale(int width, int height, int min_side);

// Finds the reader, and turns std::bad_alloc into a Failure. Extent::kHeader leaves the pixels empty.
[[nodiscard]] Result<Decoded> read_upright(ByteSpan bytes, const DecodeOptions& options, Extent extent);

[[nodiscard]] Failure truncated(Format format);
[[nodiscard]] Failure corrupt(Format format);
// what completes "a JPEG with ...".
[[nodiscard]] Failure unsupported(Format format, const char* what);
[[nodiscard]] Failure out_of_memory();

// "too_large" for more pixels than allowed, "corrupt" for none at all.
[[nodiscard]] std::optional<Failure> check_size(Format format, std::uint64_t width, std::uint64_t height,
                                                const DecodeOptions& options);

// colour and alpha: 0 to 255.
[[nodiscard]] constexpr std::uint8_t over_white(unsigned colour, unsigned alpha) {
  return static_cast<std::uint8_t>((colour * alpha + 255 * (255 - alpha) + 127) / 255);
}

// rgba: [height, width, 4], not premultiplied. Fills out, which has the same size, over white.
void composite_on_white(const std::uint8_t* rgba, Image& out);

}  // namespace winnow::image
