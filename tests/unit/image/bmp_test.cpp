#include <gtest/gtest.h>

#include "support/drawing.hpp"
#include "support/encoders.hpp"
#include "unit/image/pictures.hpp"
#include "winnow/image/decode.hpp"

namespace winnow::image {
namespace {

using test::encode_bmp;

// Widths that leave one, two and three bytes of padding, and bits of the last byte unused.
TEST(Bmp, ReadsTrueColourExactly) {
  for (const int width : {1, 2, 3, 4, 61}) {
    const Image picture = test::draw_gradient(width, 43);
    for (const bool top_down : {false, true}) {
      for (const int bits : {24, 32}) {
        const Result<Image> image = decode(encode_bmp(picture, {.bits = bits, .top_down = top_down}));
        ASSERT_TRUE(image) << image.failure().message;
        EXPECT_EQ(test::largest_difference(*image, picture), 0) << width << ", " << bits;
      }
      const Result<Image> masks =
          decode(encode_bmp(picture, {.bits = 32, .top_down = top_down, .masks = true}));
      ASSERT_TRUE(masks) << masks.failure().message;
      EXPECT_EQ(test::largest_difference(*masks, picture), 0) << width;
    }
    const Result<Image> os2 = decode(encode_bmp(picture, {.os2 = true}));
    ASSERT_TRUE(os2) << os2.failure().message;
    EXPECT_EQ(test::largest_difference(*os2, picture), 0) << width;
  }
}

TEST(Bmp, ReadsPalettes) {
  for (const int width : {1, 7, 8, 9, 61}) {
    const Image picture = test::draw_gradient(width, 20);
    for (const bool os2 : {false, true}) {
      const Result<Image> colours = decode(encode_bmp(picture, {.bits = 8, .os2 = os2}));
      ASSERT_TRUE(colours) << colours.failure().message;
      EXPECT_EQ(test::largest_difference(*colours, test::to_web_colours(picture)), 0) << width;
      for (const int bits : {1, 4}) {
        const Result<Image> image = decode(encode_bmp(picture, {.bits = bits, .os2 = os2}));
        ASSERT_TRUE(image) << image.failure().message;
        for (std::size_t i = 0; i < picture.size_bytes(); i += 3) {
          const std::uint8_t* rgb = &picture.pixels()[i];
          const int grey = (299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2]) / 1000;
          ASSERT_EQ(image->pixels()[i], bits == 1 ? (grey > 127 ? 255 : 0) : grey / 17 * 17) << i;
        }
      }
    }
  }
}

TEST(Bmp, ReadsSixteenBits) {
  const Image picture = test::draw_gradient(61, 43);
  for (const bool masks : {false, true}) {
    const Result<Image> image = decode(encode_bmp(picture, {.bits = 16, .masks = masks}));
    ASSERT_TRUE(image) << image.failure().message;
    EXPECT_LE(test::largest_difference(*image, picture), 8);
    const Result<Image> white = decode(encode_bmp(flat(3, 3, 255, 255, 255), {.bits = 16, .masks = masks}));
    EXPECT_EQ(test::largest_difference(*white, flat(3, 3, 255, 255, 255)), 0);
  }
}

TEST(Bmp, StandsOnWhite) {
  const Image picture = test::draw_gradient(52, 20);
  const std::vector<std::uint8_t> alpha = fading_alpha(52, 20);
  const Result<Image> image = decode(encode_bmp(picture, {.bits = 32, .masks = true, .alpha = alpha}));
  ASSERT_TRUE(image);
  EXPECT_EQ(test::largest_difference(*image, over_white(picture, alpha)), 0);
  // Alpha that is zero everywhere is alpha that nobody wrote.
  const std::vector<std::uint8_t> none(52 * 20, 0);
  const Result<Image> opaque = decode(encode_bmp(picture, {.bits = 32, .masks = true, .alpha = none}));
  EXPECT_EQ(test::largest_difference(*opaque, picture), 0);
}

TEST(Bmp, RefusesCompression) {
  for (const int compression : {1, 2, 4, 5, 77}) {
    Bytes bytes = encode_bmp(test::draw_gradient(20, 10), {.bits = 8});
    bytes[30] = static_cast<std::uint8_t>(compression);
    EXPECT_EQ(failure_code(inspect(bytes)), "unsupported_format");
    EXPECT_EQ(failure_message(decode(bytes)), "a BMP with compression, which is not read");
  }
}

TEST(Bmp, RefusesDamage) {
  const Bytes plain = encode_bmp(test::draw_gradient(20, 10));
  const auto with_byte = [&](std::size_t at, int value) {
    Bytes bytes = plain;
    bytes[at] = static_cast<std::uint8_t>(value);
    return failure_code(decode(bytes));
  };
  EXPECT_EQ(with_byte(18, 0), "corrupt");     // no width
  EXPECT_EQ(with_byte(22, 0), "corrupt");     // no height
  EXPECT_EQ(with_byte(21, 0x80), "corrupt");  // a negative width
  EXPECT_EQ(with_byte(28, 17), "corrupt");    // bits
  EXPECT_EQ(with_byte(28, 0), "corrupt");
  EXPECT_EQ(with_byte(30, 3), "corrupt");       // masks for 24 bits
  EXPECT_EQ(with_byte(10, 3), "corrupt");       // pixels inside the header
  EXPECT_EQ(with_byte(13, 0x7f), "truncated");  // pixels far behind the end
  EXPECT_EQ(with_byte(22, 11), "truncated");
  Bytes lowest = plain;
  lowest[22] = lowest[23] = lowest[24] = 0;
  lowest[25] = 0x80;  // a height without a positive counterpart
  EXPECT_EQ(failure_code(decode(lowest)), "corrupt");
}

TEST(Bmp, TakesMissingColoursForBlack) {
  Bytes bytes = encode_bmp(flat(4, 4, 255, 255, 255), {.bits = 8});
  bytes[46] = 2;  // colours in use; the picture uses number 215
  const Result<Image> image = decode(bytes);
  ASSERT_TRUE(image) << image.failure().message;
  EXPECT_EQ(test::largest_difference(*image, flat(4, 4, 0, 0, 0)), 0);
}

}  // namespace
}  // namespace winnow::image
