#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>

#include "support/byte_writer.hpp"
#include "support/encoders.hpp"

namespace winnow::test {
namespace {

// A TIFF directory entry of one SHORT.
void put_entry(ByteWriter& out, std::uint64_t tag, std::uint64_t value, bool big_endian) {
  if (big_endian) {
    out.big(tag, 2).big(3, 2).big(1, 4).big(value, 2).zeros(2);
  } else {
    out.little(tag, 2).little(3, 2).little(1, 4).little(value, 2).zeros(2);
  }
}

// The inks of a pixel, 255 for full ink.
std::array<int, 4> to_inks(const std::uint8_t* rgb) {
  const int light = std::max({rgb[0], rgb[1], rgb[2], std::uint8_t{1}});
  std::array<int, 4> inks{};
  for (std::size_t c = 0; c < 3; ++c) inks[c] = 255 - rgb[c] * 255 / light;
  inks[3] = 255 - light;
  return inks;
}

Bytes to_samples(const image::Image& image, int y, JpegKind kind) {
  const bool adobe = kind == JpegKind::kAdobeCmyk || kind == JpegKind::kAdobeYcck;
  ByteWriter samples;
  const std::uint8_t* pixel = image.row(y);
  for (int x = 0; x < image.width(); ++x, pixel += 3) {
    if (kind == JpegKind::kGrey) {
      samples.big((299U * pixel[0] + 587U * pixel[1] + 114U * pixel[2]) / 1000, 1);
    } else if (adobe || kind == JpegKind::kCmyk) {
      for (const int ink : to_inks(pixel)) samples.big(static_cast<unsigned>(adobe ? 255 - ink : ink), 1);
    } else {
      samples.bytes({pixel, 3});
    }
  }
  return samples.take();
}

}  // namespace

Bytes exif_block(int orientation, bool big_endian) {
  ByteWriter out;
  if (big_endian) {
    out.text("MM").big(42, 2).big(8, 4).big(3, 2);
  } else {
    out.text("II").little(42, 2).little(8, 4).little(3, 2);
  }
  put_entry(out, 0x0100, 7, big_endian);
  put_entry(out, 0x0112, static_cast<std::uint64_t>(orientation), big_endian);
  put_entry(out, 0x0128, 2, big_endian);
  return out.zeros(4).take();
}

// libjpeg's default error handler ends the program, which is what a test's encoder should do.
Bytes encode_jpeg_as(const image::Image& image, JpegKind kind, int quality) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &buffer, &size);
  jpeg.image_width = static_cast<JDIMENSION>(image.width());
  jpeg.image_height = static_cast<JDIMENSION>(image.height());
  const bool inks = kind == JpegKind::kCmyk || kind == JpegKind::kAdobeCmyk || kind == JpegKind::kAdobeYcck;
  jpeg.in_color_space = inks ? JCS_CMYK : kind == JpegKind::kGrey ? JCS_GRAYSCALE : JCS_RGB;
  jpeg.input_components = inks ? 4 : kind == JpegKind::kGrey ? 1 : 3;
  jpeg_set_defaults(&jpeg);
  if (kind == JpegKind::kAdobeYcck) jpeg_set_colorspace(&jpeg, JCS_YCCK);
  jpeg_set_quality(&jpeg, quality, TRUE);
  for (int c = 0; c < jpeg.num_components; ++c)
    jpeg.comp_info[c].h_samp_factor = jpeg.comp_info[c].v_samp_factor = 1;
  if (kind == JpegKind::kProgressive) jpeg_simple_progression(&jpeg);
  if (kind == JpegKind::kCmyk) jpeg.write_Adobe_marker = FALSE;
  jpeg.arith_code = kind == JpegKind::kArithmetic;
  jpeg_start_compress(&jpeg, TRUE);
  for (int y = 0; y < image.height(); ++y) {
    Bytes samples = to_samples(image, y, kind);
    JSAMPROW row = samples.data();
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  Bytes bytes(buffer, buffer + size);
  jpeg_destroy_compress(&jpeg);
  std::free(buffer);
  return bytes;
}

Bytes insert_jpeg_segment(const Bytes& jpeg, std::uint8_t marker, ByteSpan data) {
  ByteWriter out;
  out.bytes(ByteSpan(jpeg).first(2)).big(0xff, 1).big(marker, 1).big(data.size() + 2, 2).bytes(data);
  return out.bytes(ByteSpan(jpeg).subspan(2)).take();
}

Bytes with_exif(const Bytes& jpeg, int orientation, bool big_endian) {
  ByteWriter segment;
  segment.text("Exif").zeros(2).bytes(exif_block(orientation, big_endian));
  return insert_jpeg_segment(jpeg, 0xe1, segment.written());
}

}  // namespace winnow::test
