#include "support/byte_writer.hpp"
#include "support/encoders.hpp"

namespace winnow::test {
namespace {

std::uint32_t grey_of(const std::uint8_t* rgb) {
  return (299U * rgb[0] + 587U * rgb[1] + 114U * rgb[2]) / 1000;
}

std::uint32_t to_pixel(const std::uint8_t* rgb, std::uint8_t alpha, const BmpOptions& options) {
  const std::uint32_t r = rgb[0];
  const std::uint32_t g = rgb[1];
  const std::uint32_t b = rgb[2];
  switch (options.bits) {
    case 1:
      return grey_of(rgb) > 127 ? 1 : 0;
    case 4:
      return grey_of(rgb) / 17;
    case 8:
      return (r + 25) / 51 * 36 + (g + 25) / 51 * 6 + (b + 25) / 51;
    case 16:
      return options.masks ? r >> 3 << 11 | g >> 2 << 5 | b >> 3 : r >> 3 << 10 | g >> 3 << 5 | b >> 3;
    case 32:
      return static_cast<std::uint32_t>(alpha) << 24 | r << 16 | g << 8 | b;
    default:
      return r << 16 | g << 8 | b;
  }
}

void put_palette(ByteWriter& out, const BmpOptions& options) {
  for (std::uint32_t i = 0; i < 1U << options.bits; ++i) {
    const std::uint32_t grey = options.bits == 1 ? i * 255 : i * 17;
    const std::uint32_t colour = options.bits == 8 ? i / 36 % 6 * 51 << 16 | i / 6 % 6 * 51 << 8 | i % 6 * 51
                                                   : grey << 16 | grey << 8 | grey;
    out.little(colour, options.os2 ? 3 : 4);
  }
}

void put_header(ByteWriter& out, const image::Image& image, const BmpOptions& options) {
  const auto width = static_cast<std::uint64_t>(image.width());
  const auto height = static_cast<std::uint64_t>(options.top_down ? -image.height() : image.height());
  const auto bits = static_cast<std::uint64_t>(options.bits);
  if (options.os2) {
    out.little(12, 4).little(width, 2).little(height, 2).little(1, 2).little(bits, 2);
    return;
  }
  const bool with_alpha = !options.alpha.empty();
  out.little(with_alpha ? 56 : 40, 4).little(width, 4).little(height, 4).little(1, 2).little(bits, 2);
  out.little(options.masks ? 3 : 0, 4).zeros(20);
  if (!options.masks) return;
  const bool small = options.bits == 16;
  out.little(small ? 0xf800 : 0xff0000, 4).little(small ? 0x7e0 : 0xff00, 4).little(small ? 0x1f : 0xff, 4);
  if (with_alpha) out.little(0xff000000U, 4);
}

void put_row(ByteWriter& out, const image::Image& image, int y, const BmpOptions& options) {
  const std::size_t begin = out.size();
  const std::uint8_t* rgb = image.row(y);
  std::uint32_t packed = 0;
  int filled = 0;
  for (int x = 0; x < image.width(); ++x, rgb += 3) {
    const std::size_t at = static_cast<std::size_t>(y * image.width() + x);
    const std::uint32_t pixel =
        to_pixel(rgb, options.alpha.empty() ? std::uint8_t{0} : options.alpha[at], options);
    if (options.bits >= 8) {
      out.little(pixel, options.bits / 8);
      continue;
    }
    packed = packed << options.bits | pixel;
    filled += options.bits;
    if (filled == 8 || x + 1 == image.width()) {
      out.little(packed << (8 - filled), 1);
      packed = 0;
      filled = 0;
    }
  }
  while ((out.size() - begin) % 4 != 0) out.zeros(1);
}

}  // namespace

Bytes encode_bmp(const image::Image& image, const BmpOptions& options) {
  ByteWriter head;
  put_header(head, image, options);
  if (options.bits <= 8) put_palette(head, options);
  ByteWriter out;
  out.text("BM")
      .zeros(8)
      .little(14 + head.size(), 4)
      .bytes(head.written());  // readers ignore the file's size
  for (int i = 0; i < image.height(); ++i) {
    put_row(out, image, options.top_down ? i : image.height() - 1 - i, options);
  }
  return out.take();
}

}  // namespace winnow::test
