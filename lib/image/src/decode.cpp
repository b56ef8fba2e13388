#include "winnow/image/decode.hpp"

#include <fmt/format.h>

#include <limits>
#include <new>
#include <utility>

#include "codec.hpp"
#include "exif.hpp"

namespace winnow::image {
namespace {

constexpr std::string_view kReadable = "only JPEG, PNG, WebP, GIF, AVIF and BMP are read";

Failure refuse(Format format) {
  switch (format) {
    case Format::kEmpty:
      return {"empty", "an empty file"};
    case Format::kSvg:
      return {"unsupported_format", fmt::format("an {}; {}", describe(format), kReadable)};
    case Format::kTiff:
    case Format::kHeic:
      return {"unsupported_format", fmt::format("a {}; {}", describe(format), kReadable)};
    default:
      return {"not_an_image", fmt::format("not an image ({})", describe(format))};
  }
}

Result<Stored> read_stored(Format format, ByteSpan bytes, const DecodeOptions& options, Extent extent) {
  switch (format) {
    case Format::kJpeg:
      return read_jpeg(bytes, options, extent);
    case Format::kPng:
      return read_png(bytes, options, extent);
    case Format::kWebp:
      return read_webp(bytes, options, extent);
    case Format::kGif:
      return read_gif(bytes, options, extent);
    case Format::kAvif:
      return read_avif(bytes, options, extent);
    case Format::kBmp:
      return read_bmp(bytes, options, extent);
    default:
      return refuse(format);
  }
}

}  // namespace

Result<ImageInfo> inspect(ByteSpan bytes, const DecodeOptions& options) {
  const Result<Decoded> decoded = read_upright(bytes, options, Extent::kHeader);
  if (!decoded) return decoded.failure();
  return decoded->info;
}

std::uint64_t decoding_bytes(const ImageInfo& info, int min_side) {
  const auto width = static_cast<std::uint64_t>(info.width);
  const auto height = static_cast<std::uint64_t>(info.height);
  if (info.format != Format::kJpeg) return 8 * width * height;  // RGB, and RGBA or colour planes before it
  const auto scale = static_cast<std::uint64_t>(jpeg_scale(info.width, info.height, min_side));
  // Turning makes a second picture.
  const std::uint64_t pixels = (width / scale + 1) * (height / scale + 1) * (info.upright ? 3 : 6);
  return pixels + (info.progressive ? 6 * width * height : 0);
}

Result<Image> decode(ByteSpan bytes, const DecodeOptions& options) {
  Result<Decoded> decoded = read_upright(bytes, options, Extent::kPixels);
  if (!decoded) return decoded.failure();
  return std::move(decoded->pixels);
}

Result<Decoded> decode_with_info(ByteSpan bytes, const DecodeOptions& options) {
  return read_upright(bytes, options, Extent::kPixels);
}

Result<Decoded> read_upright(ByteSpan bytes, const DecodeOptions& options, Extent extent) {
  try {
    const Format format = detect_format(bytes);
    Result<Stored> stored = read_stored(format, bytes, options, extent);
    if (!stored) return stored.failure();
    Decoded decoded;
    decoded.info = {format,
                    stored->width,
                    stored->height,
                    stored->animated,
                    stored->orientation == 1,
                    stored->progressive};
    if (swaps_sides(stored->orientation)) std::swap(decoded.info.width, decoded.info.height);
    if (extent == Extent::kPixels) {
      decoded.pixels = turn_upright(std::move(stored->pixels), stored->orientation);
    }
    return decoded;
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  }
}

Failure truncated(Format format) {
  return {"truncated", fmt::format("an image that ends early (truncated {})", describe(format))};
}

Failure corrupt(Format format) {
  return {"corrupt", fmt::format("a damaged image (corrupt {})", describe(format))};
}

Failure unsupported(Format format, const char* what) {
  return {"unsupported_format", fmt::format("a {} with {}, which is not read", describe(format), what)};
}

Failure out_of_memory() {
  return {"too_large", "too large for the memory at hand"};
}

std::optional<Failure> check_size(Format format, std::uint64_t width, std::uint64_t height,
                                  const DecodeOptions& options) {
  if (width == 0 || height == 0) return corrupt(format);
  constexpr std::uint64_t kLongestSide = std::numeric_limits<int>::max();
  // No format holds sides of more than 32 bits, so the product cannot overflow.
  if (width * height > options.max_pixels || width > kLongestSide || height > kLongestSide) {
    return Failure{"too_large",
                   fmt::format("{}x{} pixels are over the limit of {}", width, height, options.max_pixels)};
  }
  return std::nullopt;
}

void composite_on_white(const std::uint8_t* rgba, Image& out) {
  std::uint8_t* target = out.row(0);
  const std::uint8_t* const end = target + out.size_bytes();
  for (; target != end; target += 3, rgba += 4) {
    for (int c = 0; c < 3; ++c) target[c] = over_white(rgba[c], rgba[3]);
  }
}

}  // namespace winnow::image
