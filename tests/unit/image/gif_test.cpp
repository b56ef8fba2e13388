#include <gtest/gtest.h>

#include "support/byte_writer.hpp"
#include "support/drawing.hpp"
#include "support/encoders.hpp"
#include "unit/image/pictures.hpp"
#include "winnow/image/decode.hpp"

namespace winnow::image {
namespace {

using test::one_frame;

TEST(Gif, ReadsColoursExactly) {
  const Image picture = test::draw_gradient(61, 43);
  const Image expected = test::to_web_colours(picture);
  for (const bool interlaced : {false, true}) {
    for (const bool own_colours : {false, true}) {
      const Bytes bytes =
          test::encode_gif(one_frame(picture), {.interlaced = interlaced, .own_colours = own_colours});
      const Result<Image> image = decode(bytes);
      ASSERT_TRUE(image) << image.failure().message;
      EXPECT_EQ(test::largest_difference(*image, expected), 0);
      EXPECT_FALSE(inspect(bytes)->animated);
    }
  }
}

TEST(Gif, GivesTheFirstFrameOfAnAnimation) {
  const Image frames[] = {test::draw_gradient(30, 20), flat(30, 20, 0, 0, 0)};
  const Bytes bytes = test::encode_gif(frames);
  EXPECT_TRUE(inspect(bytes)->animated);
  EXPECT_EQ(test::largest_difference(*decode(bytes), test::to_web_colours(frames[0])), 0);
}

TEST(Gif, StandsOnWhite) {
  const Image picture = test::draw_gradient(52, 20);
  std::vector<std::uint8_t> alpha(52 * 20, 255);
  for (std::size_t i = 0; i < alpha.size(); i += 5) alpha[i] = 0;
  const Result<Image> image = decode(test::encode_gif(one_frame(picture), {.alpha = alpha}));
  ASSERT_TRUE(image);
  EXPECT_EQ(test::largest_difference(*image, over_white(test::to_web_colours(picture), alpha)), 0);
}

TEST(Gif, PaintsAFrameWhereItBelongs) {
  const Image spot = flat(4, 3, 255, 0, 0);
  const Bytes bytes =
      test::encode_gif(one_frame(spot), {.left = 2, .top = 1, .screen_width = 10, .screen_height = 6});
  const Result<Image> image = decode(bytes);
  ASSERT_TRUE(image);
  ASSERT_EQ(image->width(), 10);
  ASSERT_EQ(image->height(), 6);
  for (int y = 0; y < 6; ++y) {
    for (int x = 0; x < 10; ++x) {
      const bool inside = x >= 2 && x < 6 && y >= 1 && y < 4;
      EXPECT_EQ(image->row(y)[3 * x + 1], inside ? 0 : 255) << x << ", " << y;
    }
  }
}

TEST(Gif, CutsAFrameThatReachesBehindTheScreen) {
  const Image spot = flat(20, 20, 255, 0, 0);
  for (const bool interlaced : {false, true}) {
    const Bytes bytes = test::encode_gif(
        one_frame(spot),
        {.interlaced = interlaced, .left = 3, .top = 4, .screen_width = 10, .screen_height = 6});
    const Result<Image> image = decode(bytes);
    ASSERT_TRUE(image) << image.failure().message;
    EXPECT_EQ(image->width(), 10);
    EXPECT_EQ(image->row(0)[1], 255);
    EXPECT_EQ(image->row(5)[3 * 9 + 1], 0);
  }
  // Entirely behind it.
  const Bytes bytes =
      test::encode_gif(one_frame(spot), {.left = 30, .top = 30, .screen_width = 10, .screen_height = 6});
  EXPECT_EQ(test::largest_difference(*decode(bytes), flat(10, 6, 255, 255, 255)), 0);
}

TEST(Gif, TakesAMissingScreenSizeFromTheFirstFrame) {
  Bytes bytes = test::encode_gif(one_frame(test::draw_gradient(30, 20)));
  bytes[6] = bytes[7] = bytes[8] = bytes[9] = 0;
  EXPECT_EQ(inspect(bytes)->width, 30);
  EXPECT_EQ(inspect(bytes)->height, 20);
  EXPECT_TRUE(decode(bytes));
}

TEST(Gif, LimitsFramesLikeScreens) {
  const Image large = flat(100, 100, 0, 0, 0);
  const Bytes bytes = test::encode_gif(one_frame(large), {.screen_width = 10, .screen_height = 10});
  EXPECT_EQ(failure_code(decode(bytes, {.max_pixels = 9'999})), "too_large");
  EXPECT_TRUE(decode(bytes, {.max_pixels = 10'000}));
}

// A frame costs a few bytes; only the first is ever unpacked.
TEST(Gif, WalksPastAMillionFrames) {
  const Bytes still = test::encode_gif(one_frame(test::draw_gradient(30, 20)));
  test::ByteWriter frame;
  frame.text(",").zeros(4).little(65'535, 2).little(65'535, 2).zeros(1).little(2, 1).zeros(1);
  test::ByteWriter bytes;
  bytes.bytes(ByteSpan(still).first(still.size() - 1));
  for (int i = 0; i < 1'000'000; ++i) bytes.bytes(frame.written());
  bytes.text(";");
  EXPECT_TRUE(inspect(bytes.written())->animated);
  EXPECT_TRUE(decode(bytes.written()));
}

TEST(Gif, RefusesDamage) {
  const Bytes plain = test::encode_gif(one_frame(test::draw_gradient(30, 20)));
  Bytes no_image = plain;
  const std::size_t image = as_text(plain).find(',', 13 + 768);
  no_image.resize(image);
  no_image.push_back(';');
  EXPECT_EQ(failure_code(inspect(no_image)), "corrupt");

  Bytes unknown_block = plain;
  unknown_block[image] = 0x77;
  EXPECT_EQ(failure_code(inspect(unknown_block)), "corrupt");

  Bytes no_colours = plain;
  no_colours[10] &= 0x7f;
  no_colours.erase(no_colours.begin() + 13, no_colours.begin() + 13 + 768);
  EXPECT_EQ(failure_code(decode(no_colours)), "corrupt");

  // Fewer rows of code than the frame says.
  Bytes taller = plain;
  taller[image + 7] = 40;
  EXPECT_EQ(failure_code(decode(taller)), "corrupt");

  Bytes no_width = plain;
  no_width[image + 5] = 0;
  EXPECT_EQ(failure_code(decode(no_width)), "corrupt");

  Bytes strange_code_size = plain;
  strange_code_size[image + 10] = 13;
  EXPECT_EQ(failure_code(decode(strange_code_size)), "corrupt");
}

// Two colours in the table, and code that names a third.
TEST(Gif, LeavesOutColoursThatAreNotInTheTable) {
  test::ByteWriter bytes;
  bytes.text("GIF89a").little(1, 2).little(1, 2).little(0x80, 1).zeros(2).zeros(6);
  bytes.text(",").zeros(4).little(1, 2).little(1, 2).zeros(1).little(2, 1);
  bytes.little(2, 1).little(0b101'011'100, 2).zeros(1).text(";");  // clear, 3, end
  const Result<Image> image = decode(bytes.written());
  ASSERT_TRUE(image) << image.failure().message;
  EXPECT_EQ(test::largest_difference(*image, flat(1, 1, 255, 255, 255)), 0);
}

}  // namespace
}  // namespace winnow::image
