#include <avif/avif.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "byte_order.hpp"
#include "codec.hpp"

namespace winnow::image {
namespace {

// True if a box says that it goes on behind the end of the file. ISO/IEC 14496-12, section 4.2. libavif says
// so too, but of some boxes only that they cannot be parsed.
bool ends_early(ByteSpan bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t rest = bytes.size() - at;
    if (rest < 8) return true;
    std::uint64_t size = big32(&bytes[at]);
    if (size == 0) return false;  // up to the end of the file, wherever that is
    if (size == 1) {
      if (rest < 16) return true;
      size = std::uint64_t{big32(&bytes[at + 8])} << 32 | big32(&bytes[at + 12]);
    }
    if (size < 8) return false;  // for libavif to judge
    if (size > rest) return true;
    at += size;
  }
  return false;
}

// The parser has one code for sizes over imageSizeLimit, for extents behind the end of the file and for
// everything else; only its diagnostics tell them apart.
bool mentions(const avifDecoder& decoder, const char* text) {
  return std::strstr(decoder.diag.error, text) != nullptr;
}

Failure explain(const avifDecoder& decoder, avifResult result) {
  switch (result) {
    case AVIF_RESULT_OUT_OF_MEMORY:
      return out_of_memory();
    case AVIF_RESULT_TRUNCATED_DATA:
      return truncated(Format::kAvif);
    case AVIF_RESULT_UNSUPPORTED_DEPTH:
    case AVIF_RESULT_NOT_IMPLEMENTED:
      return unsupported(Format::kAvif, "a rare kind of coding");
    default:
      break;
  }
  if (mentions(decoder, "too large [")) return {"too_large", "more pixels than the limit allows"};
  if (mentions(decoder, "runcated data")) return truncated(Format::kAvif);
  return corrupt(Format::kAvif);
}

// Rotation first, then mirroring, as one EXIF orientation. ISO/IEC 23008-12, sections 6.5.10 and 6.5.12; MIAF
// gives the order. The clean aperture is left out, as browsers do.
int find_orientation(const avifImage& image) {
  constexpr std::array<std::array<int, 3>, 4> kOrientation = {{{1, 4, 2}, {8, 5, 7}, {3, 2, 4}, {6, 7, 5}}};
  const std::size_t turns = (image.transformFlags & AVIF_TRANSFORM_IROT) != 0 ? image.irot.angle & 3U : 0U;
  const std::size_t mirror =
      (image.transformFlags & AVIF_TRANSFORM_IMIR) != 0 ? 1 + (image.imir.mode & 1U) : 0U;
  return kOrientation[turns][mirror];
}

Result<Image> read_first_frame(avifDecoder& decoder) {
  const std::uint32_t width = decoder.image->width;
  const std::uint32_t height = decoder.image->height;
  const avifResult decoded = avifDecoderNextImage(&decoder);
  if (decoded != AVIF_RESULT_OK) return explain(decoder, decoded);
  const avifImage& frame = *decoder.image;
  if (frame.width != width || frame.height != height) return corrupt(Format::kAvif);

  Image image(static_cast<int>(width), static_cast<int>(height));
  avifRGBImage rgb;
  avifRGBImageSetDefaults(&rgb, &frame);
  rgb.depth = 8;
  std::unique_ptr<std::uint8_t[]> rgba;
  if (frame.alphaPlane == nullptr) {
    rgb.format = AVIF_RGB_FORMAT_RGB;
    rgb.rowBytes = 3 * width;
    rgb.pixels = image.row(0);
  } else {
    rgba = std::make_unique_for_overwrite<std::uint8_t[]>(std::size_t{4} * width * height);
    rgb.format = AVIF_RGB_FORMAT_RGBA;
    rgb.rowBytes = 4 * width;
    rgb.pixels = rgba.get();
  }
  const avifResult converted = avifImageYUVToRGB(&frame, &rgb);
  if (converted != AVIF_RESULT_OK) return explain(decoder, converted);
  if (rgba) composite_on_white(rgba.get(), image);
  return image;
}

}  // namespace

Result<Stored> read_avif(ByteSpan bytes, const DecodeOptions& options, Extent extent) {
  if (ends_early(bytes)) return truncated(Format::kAvif);
  const std::unique_ptr<avifDecoder, void (*)(avifDecoder*)> decoder(avifDecoderCreate(), avifDecoderDestroy);
  if (!decoder) return out_of_memory();
  decoder->codecChoice = AVIF_CODEC_CHOICE_DAV1D;  // the one that obeys imageSizeLimit
  decoder->maxThreads = 1;
  decoder->ignoreExif = AVIF_TRUE;  // irot and imir are what counts
  decoder->ignoreXMP = AVIF_TRUE;
  decoder->imageSizeLimit = static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(options.max_pixels, 1, AVIF_DEFAULT_IMAGE_SIZE_LIMIT));
  decoder->imageDimensionLimit = 0;
  // What common encoders leave out by mistake, and what pixels do not need.
  decoder->strictFlags = AVIF_STRICT_DISABLED;
  avifResult result = avifDecoderSetIOMemory(decoder.get(), bytes.data(), bytes.size());
  if (result == AVIF_RESULT_OK) result = avifDecoderParse(decoder.get());
  if (result != AVIF_RESULT_OK) return explain(*decoder, result);

  const avifImage& image = *decoder->image;
  if (auto failure = check_size(Format::kAvif, image.width, image.height, options)) return *failure;
  Stored stored;
  stored.width = static_cast<int>(image.width);
  stored.height = static_cast<int>(image.height);
  stored.animated = decoder->imageCount > 1;
  stored.orientation = find_orientation(image);
  if (extent == Extent::kHeader) return stored;

  Result<Image> pixels = read_first_frame(*decoder);
  if (!pixels) return pixels.failure();
  stored.pixels = std::move(*pixels);
  return stored;
}

}  // namespace winnow::image
