#include <gtest/gtest.h>

#include "support/byte_writer.hpp"
#include "support/drawing.hpp"
#include "support/encoders.hpp"
#include "unit/image/pictures.hpp"
#include "winnow/image/decode.hpp"

namespace winnow::image {
namespace {

using test::PngKind;

Image to_grey(const Image& image) {
  Image grey(image.width(), image.height());
  for (std::size_t i = 0; i < image.size_bytes(); ++i) {
    const std::uint8_t* rgb = &image.pixels()[i / 3 * 3];
    grey.pixels()[i] = static_cast<std::uint8_t>((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2]) / 1000);
  }
  return grey;
}

TEST(Png, ReadsColourExactly) {
  const Image picture = test::draw_scene("discs", 3, 61, 43);
  for (const PngKind kind : {PngKind::kRgb, PngKind::kRgb16, PngKind::kInterlaced}) {
    const Result<Image> image = decode(test::encode_png(picture, kind));
    ASSERT_TRUE(image) << image.failure().message;
    EXPECT_EQ(test::largest_difference(*image, picture), 0) << static_cast<int>(kind);
  }
  const Result<Image> palette = decode(test::encode_png(picture, PngKind::kPalette));
  ASSERT_TRUE(palette);
  EXPECT_EQ(test::largest_difference(*palette, test::to_web_colours(picture)), 0);
}

TEST(Png, MakesGreyColoured) {
  const Image picture = test::draw_gradient(61, 43);
  const Image grey = to_grey(picture);
  for (const PngKind kind : {PngKind::kGrey, PngKind::kGrey16}) {
    const Result<Image> image = decode(test::encode_png(picture, kind));
    ASSERT_TRUE(image) << image.failure().message;
    EXPECT_EQ(test::largest_difference(*image, grey), 0);
  }
  const Result<Image> bilevel = decode(test::encode_png(picture, PngKind::kBilevel));
  ASSERT_TRUE(bilevel);
  for (std::size_t i = 0; i < grey.size_bytes(); ++i) {
    ASSERT_EQ(bilevel->pixels()[i], grey.pixels()[i] > 127 ? 255 : 0) << i;
  }
}

TEST(Png, StandsOnWhite) {
  const Image picture = test::draw_gradient(52, 20);
  const std::vector<std::uint8_t> alpha = fading_alpha(52, 20);
  const Image expected = over_white(picture, alpha);
  for (const PngKind kind : {PngKind::kRgb, PngKind::kRgb16, PngKind::kInterlaced}) {
    const Result<Image> image = decode(test::encode_png(picture, alpha, kind));
    ASSERT_TRUE(image) << image.failure().message;
    EXPECT_EQ(test::largest_difference(*image, expected), 0) << static_cast<int>(kind);
  }
  for (const PngKind kind : {PngKind::kGrey, PngKind::kGrey16}) {
    const Result<Image> image = decode(test::encode_png(picture, alpha, kind));
    ASSERT_TRUE(image) << image.failure().message;
    EXPECT_EQ(test::largest_difference(*image, over_white(to_grey(picture), alpha)), 0);
  }
}

TEST(Png, AppliesTransparencyChunks) {
  const Image picture = test::draw_gradient(52, 20);
  std::vector<std::uint8_t> alpha(52 * 20, 255);
  for (std::size_t i = 0; i < alpha.size(); i += 3) alpha[i] = 0;
  const Result<Image> palette = decode(test::encode_png(picture, alpha, PngKind::kPalette));
  ASSERT_TRUE(palette);
  EXPECT_EQ(test::largest_difference(*palette, over_white(test::to_web_colours(picture), alpha)), 0);

  // One colour of a true-colour picture named transparent.
  const Bytes keyed = test::insert_png_chunk(test::encode_png(flat(5, 5, 10, 20, 30)), "tRNS",
                                             test::ByteWriter().big(10, 2).big(20, 2).big(30, 2).written());
  EXPECT_EQ(test::largest_difference(*decode(keyed), flat(5, 5, 255, 255, 255)), 0);
  const Bytes other = test::insert_png_chunk(test::encode_png(flat(5, 5, 10, 20, 31)), "tRNS",
                                             test::ByteWriter().big(10, 2).big(20, 2).big(30, 2).written());
  EXPECT_EQ(test::largest_difference(*decode(other), flat(5, 5, 10, 20, 31)), 0);
}

TEST(Png, TurnsUpright) {
  const Image picture = test::draw_gradient(40, 24);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Bytes bytes = test::insert_png_chunk(test::encode_png(picture), "eXIf",
                                               test::exif_block(orientation, orientation % 2 == 0));
    const Result<Image> image = decode(bytes);
    const Image expected = turned(picture, orientation);
    ASSERT_TRUE(image);
    ASSERT_EQ(image->width(), expected.width());
    EXPECT_EQ(test::largest_difference(*image, expected), 0) << orientation;
    EXPECT_EQ(inspect(bytes)->height, expected.height()) << orientation;
  }
}

TEST(Png, NoticesAnimation) {
  const Bytes plain = test::encode_png(test::draw_gradient(8, 8));
  const auto with_frames = [&](unsigned frames) {
    return test::insert_png_chunk(plain, "acTL", test::ByteWriter().big(frames, 4).zeros(4).written());
  };
  EXPECT_FALSE(inspect(plain)->animated);
  EXPECT_FALSE(inspect(with_frames(1))->animated);
  EXPECT_TRUE(inspect(with_frames(3))->animated);
  EXPECT_TRUE(decode(with_frames(3)));
}

// Compressed text and profiles are where small files hide large ones; they are not even read.
TEST(Png, PassesOverWhatIsNotPixels) {
  const Image picture = test::draw_gradient(16, 16);
  Bytes bytes = test::encode_png(picture);
  bytes = test::insert_png_chunk(bytes, "iCCP", as_bytes("broken profile"));
  bytes = test::insert_png_chunk(bytes, "zTXt", Bytes(300'000, 0));
  bytes = test::insert_png_chunk(bytes, "gAMA", {});
  bytes = test::insert_png_chunk(bytes, "eXIf", as_bytes("no TIFF"));
  bytes = test::insert_png_chunk(bytes, "prVt", Bytes(10, 7));
  const Result<Image> image = decode(bytes);
  ASSERT_TRUE(image) << image.failure().message;
  EXPECT_EQ(test::largest_difference(*image, picture), 0);
}

TEST(Png, ChecksChecksumsOfPixels) {
  const Bytes plain = test::encode_png(test::draw_scene("checks", 1, 40, 30));
  const std::size_t data = as_text(plain).find("IDAT");
  Bytes wrong_data = plain;
  wrong_data[data + 100] ^= 1;
  EXPECT_EQ(failure_code(decode(wrong_data)), "corrupt");
  Bytes wrong_header = plain;
  wrong_header[29] ^= 1;  // the header's checksum
  EXPECT_EQ(failure_code(decode(wrong_header)), "corrupt");
}

TEST(Png, RefusesBrokenStructure) {
  const Bytes plain = test::encode_png(test::draw_gradient(16, 16));
  Bytes no_header = plain;
  no_header[12] = 'X';
  EXPECT_EQ(failure_code(inspect(no_header)), "corrupt");
  Bytes no_width = plain;
  no_width[19] = 0;
  EXPECT_EQ(failure_code(inspect(no_width)), "corrupt");
  Bytes no_height = plain;
  no_height[23] = 0;
  EXPECT_EQ(failure_code(inspect(no_height)), "corrupt");
  Bytes no_pixels = plain;
  no_pixels[as_text(plain).find("IDAT")] = 'i';
  EXPECT_EQ(failure_code(decode(no_pixels)), "corrupt");
  EXPECT_EQ(failure_code(decode(test::insert_png_chunk(plain, "UNKN", {}))), "corrupt");

  const Bytes palette = test::encode_png(test::draw_gradient(16, 16), PngKind::kPalette);
  Bytes no_palette = palette;
  no_palette[as_text(palette).find("PLTE")] = 'p';
  EXPECT_EQ(failure_code(decode(no_palette)), "corrupt");

  Bytes endless = plain;
  endless[as_text(plain).find("IDAT") - 4] = 0x7f;
  EXPECT_EQ(failure_code(decode(endless)), "truncated");
}

}  // namespace
}  // namespace winnow::image
