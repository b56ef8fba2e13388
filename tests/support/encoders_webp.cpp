#include <webp/encode.h>

#include <cstdlib>

#include "support/byte_writer.hpp"
#include "support/encoders.hpp"

namespace winnow::test {
namespace {

void put_chunk(ByteWriter& out, std::string_view type, ByteSpan data) {
  out.text(type).little(data.size(), 4).bytes(data).zeros(data.size() % 2);
}

// Everything behind "RIFF....WEBP": the picture's own chunk.
ByteSpan picture_chunk(const Bytes& webp) {
  return ByteSpan(webp).subspan(12);
}

void put_size(ByteWriter& out, const image::Image& image) {
  out.little(static_cast<std::uint64_t>(image.width() - 1), 3)
      .little(static_cast<std::uint64_t>(image.height() - 1), 3);
}

void put_extended_header(ByteWriter& out, const image::Image& image, std::uint8_t flags) {
  ByteWriter data;
  put_size(data.little(flags, 4), image);
  put_chunk(out, "VP8X", data.written());
}

Bytes riff(ByteSpan chunks) {
  ByteWriter out;
  return out.text("RIFF").little(chunks.size() + 4, 4).text("WEBP").bytes(chunks).take();
}

}  // namespace

Bytes encode_webp(const image::Image& image, int quality, std::span<const std::uint8_t> alpha) {
  WebPConfig config;
  WebPPicture picture;
  if (WebPConfigInit(&config) == 0 || WebPPictureInit(&picture) == 0) std::abort();
  config.lossless = quality == kLossless ? 1 : 0;
  config.exact = 1;
  config.quality = static_cast<float>(quality == kLossless ? 70 : quality);
  picture.use_argb = config.lossless;
  picture.width = image.width();
  picture.height = image.height();
  WebPMemoryWriter writer;
  WebPMemoryWriterInit(&writer);
  picture.writer = WebPMemoryWrite;
  picture.custom_ptr = &writer;
  ByteWriter rgba;
  for (std::size_t i = 0; i < image.size_bytes() / 3; ++i) {
    rgba.bytes(image.pixels().subspan(3 * i, 3)).little(alpha.empty() ? 255 : alpha[i], 1);
  }
  if (WebPPictureImportRGBA(&picture, rgba.written().data(), 4 * image.width()) == 0 ||
      WebPEncode(&config, &picture) == 0) {
    std::abort();
  }
  Bytes out(writer.mem, writer.mem + writer.size);
  WebPMemoryWriterClear(&writer);
  WebPPictureFree(&picture);
  return out;
}

Bytes webp_with_exif(const image::Image& image, int orientation) {
  constexpr std::uint8_t kHasExif = 0x08;
  const Bytes still = encode_webp(image);
  ByteWriter chunks;
  put_extended_header(chunks, image, kHasExif);
  chunks.bytes(picture_chunk(still));
  put_chunk(chunks, "EXIF", exif_block(orientation));
  return riff(chunks.written());
}

Bytes encode_webp_animation(std::span<const image::Image> frames) {
  constexpr std::uint8_t kAnimated = 0x02;
  constexpr unsigned kMilliseconds = 100;
  ByteWriter chunks;
  put_extended_header(chunks, frames[0], kAnimated);
  put_chunk(chunks, "ANIM", Bytes(6, 0));
  for (const image::Image& frame : frames) {
    const Bytes still = encode_webp(frame);
    ByteWriter data;
    put_size(data.zeros(6), frame);
    data.little(kMilliseconds, 3).zeros(1).bytes(picture_chunk(still));
    put_chunk(chunks, "ANMF", data.written());
  }
  return riff(chunks.written());
}

}  // namespace winnow::test
