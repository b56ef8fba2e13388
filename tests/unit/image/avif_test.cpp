#include <gtest/gtest.h>

#include "support/drawing.hpp"
#include "support/encoders.hpp"
#include "unit/image/pictures.hpp"
#include "winnow/image/decode.hpp"

namespace winnow::image {
namespace {

using test::one_frame;

TEST(Avif, ReadsColoursClosely) {
  const Image picture = test::draw_gradient(61, 43);
  for (const int depth : {8, 10, 12}) {
    const Result<Image> image = decode(test::encode_avif(one_frame(picture), {.depth = depth}));
    ASSERT_TRUE(image) << image.failure().message;
    ASSERT_EQ(image->width(), 61);
    EXPECT_LE(test::largest_difference(*image, picture), 8) << depth;
  }
}

TEST(Avif, StandsOnWhite) {
  const Image picture = test::draw_gradient(52, 20);
  const std::vector<std::uint8_t> alpha = fading_alpha(52, 20);
  const Result<Image> image = decode(test::encode_avif(one_frame(picture), {.alpha = alpha}));
  ASSERT_TRUE(image) << image.failure().message;
  EXPECT_LE(test::largest_difference(*image, over_white(picture, alpha)), 8);
}

TEST(Avif, GivesTheFirstFrameOfASequence) {
  const Image frames[] = {test::draw_gradient(32, 20), flat(32, 20, 0, 0, 0), flat(32, 20, 250, 9, 9)};
  const Bytes bytes = test::encode_avif(frames);
  EXPECT_TRUE(inspect(bytes)->animated);
  const Result<Image> image = decode(bytes);
  ASSERT_TRUE(image) << image.failure().message;
  EXPECT_LE(test::largest_difference(*image, frames[0]), 8);
}

// Rotation first, against the clock, then mirroring.
TEST(Avif, TurnsUpright) {
  const Image picture = test::draw_gradient(40, 24);
  const int quarter_turn[] = {1, 8, 3, 6};
  const int mirror[] = {4, 2};
  for (int rotation = 0; rotation < 4; ++rotation) {
    for (int axis = -1; axis < 2; ++axis) {
      const Bytes bytes = test::encode_avif(one_frame(picture), {.rotation = rotation, .mirror = axis});
      Image expected = turned(picture, quarter_turn[rotation]);
      if (axis >= 0) expected = turned(expected, mirror[axis]);
      const Result<Image> image = decode(bytes);
      ASSERT_TRUE(image) << image.failure().message;
      ASSERT_EQ(image->width(), expected.width()) << rotation << ", " << axis;
      EXPECT_LE(test::largest_difference(*image, expected), 8) << rotation << ", " << axis;
      EXPECT_EQ(inspect(bytes)->height, expected.height());
    }
  }
}

TEST(Avif, RefusesDamage) {
  const Bytes plain = test::encode_avif(one_frame(test::draw_gradient(40, 24)));
  Bytes trailing = plain;
  trailing.insert(trailing.end(), {0, 0, 0, 12, 'f', 'r', 'e', 'e', 1, 2, 3, 4});
  EXPECT_TRUE(decode(trailing));
  Bytes no_pixels = plain;
  no_pixels[as_text(plain).find("av01")] = 'x';
  EXPECT_FALSE(inspect(no_pixels));
  Bytes noise = plain;
  for (std::size_t i = as_text(plain).find("mdat") + 4; i < noise.size(); ++i) noise[i] = 0x5a;
  EXPECT_EQ(failure_code(decode(noise)), "corrupt");
}

// libavif scales a picture to the size its container gives; the sizes of both are limited.
TEST(Avif, LimitsBothContainerAndPicture) {
  Bytes bytes = test::encode_avif(one_frame(test::draw_gradient(40, 24)));
  const std::size_t width = as_text(bytes).find("ispe") + 8;
  bytes[width + 3] = 20;
  EXPECT_EQ(inspect(bytes)->width, 20);
  EXPECT_EQ(decode(bytes)->width(), 20);
  EXPECT_TRUE(inspect(bytes, {.max_pixels = 500}));
  EXPECT_EQ(failure_code(decode(bytes, {.max_pixels = 500})), "corrupt");
  bytes[width] = 0x7f;
  EXPECT_EQ(failure_code(decode(bytes)), "too_large");
  EXPECT_EQ(failure_code(inspect(bytes)), "too_large");
}

}  // namespace
}  // namespace winnow::image
