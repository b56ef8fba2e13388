#include <webp/decode.h>
#include <webp/demux.h>

#include <memory>

#include "byte_order.hpp"
#include "codec.hpp"
#include "exif.hpp"

namespace winnow::image {
namespace {

// RFC 9649, section 2.7: "VP8X" follows the RIFF header where a file has more than one picture chunk.
constexpr std::size_t kRiffHeader = 12;
constexpr std::size_t kFlagsAt = 20;
constexpr std::uint8_t kHasExif = 0x08;

Failure explain(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY:
      return out_of_memory();
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
      return truncated(Format::kWebp);
    default:
      return corrupt(Format::kWebp);
  }
}

int find_orientation(ByteSpan bytes) {
  const bool extended = bytes.size() > kFlagsAt && as_text(bytes.subspan(kRiffHeader, 4)) == "VP8X";
  if (!extended || (bytes[kFlagsAt] & kHasExif) == 0) return 1;
  const WebPData data = {bytes.data(), bytes.size()};
  const std::unique_ptr<WebPDemuxer, void (*)(WebPDemuxer*)> demuxer(WebPDemux(&data), WebPDemuxDelete);
  WebPChunkIterator exif{};
  if (!demuxer || WebPDemuxGetChunk(demuxer.get(), "EXIF", 1, &exif) == 0) return 1;
  const int orientation = exif_orientation({exif.chunk.bytes, exif.chunk.size});
  WebPDemuxReleaseChunkIterator(&exif);
  return orientation;
}

Result<Image> read_still(ByteSpan bytes, const WebPBitstreamFeatures& features) {
  Image image(features.width, features.height);
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) return corrupt(Format::kWebp);
  config.output.is_external_memory = 1;
  WebPRGBABuffer& target = config.output.u.RGBA;
  if (features.has_alpha == 0) {
    config.output.colorspace = MODE_RGB;
    target = {image.row(0), static_cast<int>(image.row_bytes()), image.size_bytes()};
    const VP8StatusCode status = WebPDecode(bytes.data(), bytes.size(), &config);
    if (status != VP8_STATUS_OK) return explain(status);
    return image;
  }
  const int stride = 4 * features.width;
  const std::size_t rgba_bytes = static_cast<std::size_t>(stride) * static_cast<std::size_t>(features.height);
  const auto rgba = std::make_unique_for_overwrite<std::uint8_t[]>(rgba_bytes);
  config.output.colorspace = MODE_RGBA;
  target = {rgba.get(), stride, rgba_bytes};
  const VP8StatusCode status = WebPDecode(bytes.data(), bytes.size(), &config);
  if (status != VP8_STATUS_OK) return explain(status);
  composite_on_white(rgba.get(), image);
  return image;
}

Result<Image> read_first_frame(ByteSpan bytes, const WebPBitstreamFeatures& features) {
  WebPAnimDecoderOptions options;
  if (WebPAnimDecoderOptionsInit(&options) == 0) return corrupt(Format::kWebp);
  options.color_mode = MODE_RGBA;
  options.use_threads = 0;
  const WebPData data = {bytes.data(), bytes.size()};
  const std::unique_ptr<WebPAnimDecoder, void (*)(WebPAnimDecoder*)> decoder(
      WebPAnimDecoderNew(&data, &options), WebPAnimDecoderDelete);
  WebPAnimInfo info{};
  std::uint8_t* rgba = nullptr;
  int milliseconds = 0;
  if (!decoder || WebPAnimDecoderGetInfo(decoder.get(), &info) == 0 ||
      info.canvas_width != static_cast<std::uint32_t>(features.width) ||
      info.canvas_height != static_cast<std::uint32_t>(features.height) ||
      WebPAnimDecoderGetNext(decoder.get(), &rgba, &milliseconds) == 0) {
    return corrupt(Format::kWebp);
  }
  Image image(features.width, features.height);
  composite_on_white(rgba, image);
  return image;
}

}  // namespace

Result<Stored> read_webp(ByteSpan bytes, const DecodeOptions& options, Extent extent) {
  // libwebp decodes what is there of a cut file whose last chunk still fits, so the length is checked here.
  if (bytes.size() - 8 < little32(&bytes[4])) return truncated(Format::kWebp);
  WebPBitstreamFeatures features;
  const VP8StatusCode status = WebPGetFeatures(bytes.data(), bytes.size(), &features);
  if (status != VP8_STATUS_OK) return explain(status);
  Stored stored;
  stored.width = features.width;
  stored.height = features.height;
  stored.animated = features.has_animation != 0;
  if (auto failure = check_size(Format::kWebp, static_cast<std::uint64_t>(features.width),
                                static_cast<std::uint64_t>(features.height), options)) {
    return *failure;
  }
  stored.orientation = find_orientation(bytes);
  if (extent == Extent::kHeader) return stored;

  Result<Image> pixels = stored.animated ? read_first_frame(bytes, features) : read_still(bytes, features);
  if (!pixels) return pixels.failure();
  stored.pixels = std::move(*pixels);
  return stored;
}

}  // namespace winnow::image
