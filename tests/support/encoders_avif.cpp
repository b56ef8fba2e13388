#include <avif/avif.h>

#include <cstdlib>
#include <memory>

#include "support/byte_writer.hpp"
#include "support/encoders.hpp"

namespace winnow::test {
namespace {

void check(avifResult result) {
  if (result != AVIF_RESULT_OK) std::abort();
}

using AvifImage = std::unique_ptr<avifImage, void (*)(avifImage*)>;

AvifImage to_avif(const image::Image& image, const AvifOptions& options) {
  AvifImage avif(
      avifImageCreate(static_cast<std::uint32_t>(image.width()), static_cast<std::uint32_t>(image.height()),
                      static_cast<std::uint32_t>(options.depth), AVIF_PIXEL_FORMAT_YUV444),
      avifImageDestroy);
  avif->matrixCoefficients = AVIF_MATRIX_COEFFICIENTS_BT601;
  ByteWriter samples;
  for (std::size_t i = 0; i < image.size_bytes() / 3; ++i) {
    samples.bytes(image.pixels().subspan(3 * i, 3));
    if (!options.alpha.empty()) samples.big(options.alpha[i], 1);
  }
  Bytes rgba = samples.take();
  avifRGBImage rgb;
  avifRGBImageSetDefaults(&rgb, avif.get());
  rgb.depth = 8;
  rgb.format = options.alpha.empty() ? AVIF_RGB_FORMAT_RGB : AVIF_RGB_FORMAT_RGBA;
  rgb.pixels = rgba.data();
  rgb.rowBytes = rgb.width * avifRGBImagePixelSize(&rgb);
  check(avifImageRGBToYUV(avif.get(), &rgb));
  if (options.rotation > 0) {
    avif->transformFlags |= AVIF_TRANSFORM_IROT;
    avif->irot.angle = static_cast<std::uint8_t>(options.rotation);
  }
  if (options.mirror >= 0) {
    avif->transformFlags |= AVIF_TRANSFORM_IMIR;
    avif->imir.mode = static_cast<std::uint8_t>(options.mirror);
  }
  return avif;
}

}  // namespace

Bytes encode_avif(std::span<const image::Image> frames, const AvifOptions& options) {
  const std::unique_ptr<avifEncoder, void (*)(avifEncoder*)> encoder(avifEncoderCreate(), avifEncoderDestroy);
  encoder->codecChoice = AVIF_CODEC_CHOICE_AOM;
  encoder->maxThreads = 1;
  encoder->speed = AVIF_SPEED_FASTEST;
  encoder->minQuantizer = encoder->maxQuantizer = 4;
  encoder->minQuantizerAlpha = encoder->maxQuantizerAlpha = AVIF_QUANTIZER_LOSSLESS;
  encoder->timescale = 10;
  const auto flags = frames.size() == 1 ? AVIF_ADD_IMAGE_FLAG_SINGLE : AVIF_ADD_IMAGE_FLAG_NONE;
  for (const image::Image& frame : frames) {
    check(avifEncoderAddImage(encoder.get(), to_avif(frame, options).get(), 1, flags));
  }
  avifRWData output = AVIF_DATA_EMPTY;
  check(avifEncoderFinish(encoder.get(), &output));
  Bytes out(output.data, output.data + output.size);
  avifRWDataFree(&output);
  return out;
}

}  // namespace winnow::test
