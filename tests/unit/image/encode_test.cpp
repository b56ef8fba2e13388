#include "winnow/image/encode.hpp"

#include <gtest/gtest.h>

#include "support/drawing.hpp"
#include "unit/image/pictures.hpp"
#include "winnow/core/error.hpp"
#include "winnow/image/decode.hpp"

namespace winnow::image {
namespace {

TEST(EncodeJpeg, ComesBackAlmostTheSame) {
  const Image picture = test::draw_gradient(160, 121);
  const Result<Image> image = decode(encode_jpeg(picture, 100));
  ASSERT_TRUE(image);
  EXPECT_LE(test::largest_difference(*image, picture), 6);
}

TEST(EncodePng, ComesBackTheSame) {
  for (const auto& [width, height] : {std::pair{160, 121}, {1, 1}, {3, 70}}) {
    const Image picture = test::draw_gradient(width, height);
    const Result<Image> image = decode(encode_png(picture));
    ASSERT_TRUE(image);
    ASSERT_EQ(image->width(), width);
    EXPECT_EQ(test::largest_difference(*image, picture), 0);
  }
}

TEST(EncodePng, RefusesNothing) {
  EXPECT_THROW((void)encode_png(Image()), Error);
}

TEST(EncodeJpeg, TakesAnyShape) {
  for (const auto& [width, height] : {std::pair{1, 1}, {7, 3}, {16, 16}, {1, 300}}) {
    const Result<Image> image = decode(encode_jpeg(test::draw_gradient(width, height)));
    ASSERT_TRUE(image);
    EXPECT_EQ(image->width(), width);
    EXPECT_EQ(image->height(), height);
  }
}

TEST(EncodeJpeg, IsBaselineWithHalvedColourAndNoMetadata) {
  const Bytes bytes = encode_jpeg(test::draw_gradient(40, 30));
  const std::string_view text = as_text(bytes);
  const std::size_t frame = text.find("\xff\xc0");
  ASSERT_NE(frame, std::string_view::npos);
  EXPECT_EQ(bytes[frame + 9], 3);      // components
  EXPECT_EQ(bytes[frame + 11], 0x22);  // luma has two samples each way for one of each colour
  EXPECT_EQ(bytes[frame + 14], 0x11);
  EXPECT_EQ(bytes[frame + 17], 0x11);
  EXPECT_EQ(text.find("Exif"), std::string_view::npos);
  EXPECT_EQ(text.find("\xff\xfe"), std::string_view::npos);
}

TEST(EncodeJpeg, GrowsWithQuality) {
  const Image picture = test::draw_scene("discs", 1);
  EXPECT_LT(encode_jpeg(picture, 1).size(), encode_jpeg(picture, 50).size());
  EXPECT_LT(encode_jpeg(picture, 50).size(), encode_jpeg(picture).size());
  EXPECT_LT(encode_jpeg(picture).size(), encode_jpeg(picture, 100).size());
}

TEST(EncodeJpeg, RefusesWhatJpegCannotHold) {
  EXPECT_THROW(static_cast<void>(encode_jpeg(Image())), Error);
  EXPECT_THROW(static_cast<void>(encode_jpeg(Image(70'000, 1))), Error);
}

}  // namespace
}  // namespace winnow::image
