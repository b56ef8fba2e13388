#include <gtest/gtest.h>

#include "support/drawing.hpp"
#include "support/encoders.hpp"
#include "unit/image/pictures.hpp"
#include "winnow/image/decode.hpp"

namespace winnow::image {
namespace {

TEST(Webp, ReadsLosslessExactlyAndLossyClosely) {
  const Image picture = test::draw_gradient(61, 43);
  const Result<Image> lossless = decode(test::encode_webp(picture));
  ASSERT_TRUE(lossless) << lossless.failure().message;
  EXPECT_EQ(test::largest_difference(*lossless, picture), 0);
  const Result<Image> lossy = decode(test::encode_webp(picture, 95));
  ASSERT_TRUE(lossy) << lossy.failure().message;
  EXPECT_LE(test::largest_difference(*lossy, picture), 16);
}

TEST(Webp, StandsOnWhite) {
  const Image picture = test::draw_gradient(52, 20);
  const std::vector<std::uint8_t> alpha = fading_alpha(52, 20);
  const Result<Image> lossless = decode(test::encode_webp(picture, test::kLossless, alpha));
  ASSERT_TRUE(lossless);
  EXPECT_EQ(test::largest_difference(*lossless, over_white(picture, alpha)), 0);
  const Result<Image> lossy = decode(test::encode_webp(picture, 95, alpha));
  ASSERT_TRUE(lossy);
  EXPECT_LE(test::largest_difference(*lossy, over_white(picture, alpha)), 16);
}

TEST(Webp, GivesTheFirstFrameOfAnAnimation) {
  const Image frames[] = {test::draw_gradient(32, 20), flat(32, 20, 0, 0, 0), flat(32, 20, 9, 9, 9)};
  const Bytes bytes = test::encode_webp_animation(frames);
  EXPECT_TRUE(inspect(bytes)->animated);
  const Result<Image> image = decode(bytes);
  ASSERT_TRUE(image) << image.failure().message;
  EXPECT_EQ(test::largest_difference(*image, frames[0]), 0);
}

TEST(Webp, TurnsUpright) {
  const Image picture = test::draw_gradient(40, 24);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Bytes bytes = test::webp_with_exif(picture, orientation);
    const Result<Image> image = decode(bytes);
    const Image expected = turned(picture, orientation);
    ASSERT_TRUE(image) << image.failure().message;
    ASSERT_EQ(image->width(), expected.width());
    EXPECT_EQ(test::largest_difference(*image, expected), 0) << orientation;
    EXPECT_EQ(inspect(bytes)->height, expected.height());
    EXPECT_FALSE(inspect(bytes)->animated);
  }
}

TEST(Webp, RefusesDamage) {
  const Bytes plain = test::encode_webp(test::draw_gradient(40, 24), 90);
  Bytes trailing = plain;
  trailing.insert(trailing.end(), 100, 0);
  EXPECT_TRUE(decode(trailing));
  Bytes longer = plain;
  longer[4] = static_cast<std::uint8_t>(longer[4] + 2);
  EXPECT_EQ(failure_code(decode(longer)), "truncated");
  Bytes no_picture = plain;
  no_picture[12] = 'X';
  EXPECT_FALSE(decode(no_picture));
  Bytes no_start_code = plain;
  no_start_code[23] ^= 0xff;
  EXPECT_EQ(failure_code(inspect(no_start_code)), "corrupt");
  // A canvas that its only picture does not fill.
  Bytes canvas = test::webp_with_exif(test::draw_gradient(40, 24), 1);
  canvas[24] = 200;
  EXPECT_EQ(failure_code(decode(canvas)), "corrupt");
}

}  // namespace
}  // namespace winnow::image
