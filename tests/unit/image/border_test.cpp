#include "winnow/image/border.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/photo.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/image/encode.hpp"
#include "winnow/image/perceptual_hash.hpp"

namespace winnow::image {
namespace {

// The picture in a frame of one grey.
Image framed(const Image& picture, int across, int down, std::uint8_t grey) {
  Image result(picture.width() + 2 * across, picture.height() + 2 * down);
  std::fill(result.pixels().begin(), result.pixels().end(), grey);
  for (int y = 0; y < picture.height(); ++y) {
    std::copy(picture.row(y), picture.row(y) + picture.row_bytes(),
              result.row(y + down) + 3 * static_cast<std::ptrdiff_t>(across));
  }
  return result;
}

TEST(WithoutBorder, GivesBackWhatWasFramed) {
  const Image photo = test::draw_photo(1);
  for (const std::uint8_t grey : {0, 255}) {
    const std::optional<Image> rest = without_border(framed(photo, 30, 20, grey));
    ASSERT_TRUE(rest.has_value());
    EXPECT_EQ(rest->width(), photo.width());
    EXPECT_EQ(rest->height(), photo.height());
    EXPECT_TRUE(std::equal(photo.pixels().begin(), photo.pixels().end(), rest->pixels().begin()));
  }
}

TEST(WithoutBorder, SeesThroughJpeg) {
  const Image photo = test::draw_photo(2);
  const Result<Image> copy = decode(encode_jpeg(framed(photo, 40, 25, 255), 60));
  const std::optional<Image> rest = without_border(*copy);
  ASSERT_TRUE(rest.has_value());
  EXPECT_NEAR(rest->width(), photo.width(), 6);
  EXPECT_NEAR(rest->height(), photo.height(), 6);
  EXPECT_LE(distance(perceptual_hash(photo), perceptual_hash(*rest)), 6);
}

TEST(WithoutBorder, TakesBarsAboveAndBelow) {
  const Image photo = test::draw_photo(3);
  const std::optional<Image> rest = without_border(framed(photo, 0, 40, 0));
  ASSERT_TRUE(rest.has_value());
  EXPECT_EQ(rest->height(), photo.height());
}

TEST(WithoutBorder, LeavesPicturesWithoutOneAlone) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_FALSE(without_border(test::draw_photo(seed)).has_value()) << seed;
  }
}

TEST(WithoutBorder, LeavesSomething) {
  EXPECT_FALSE(without_border(framed(test::draw_photo(1, 20, 20), 200, 200, 255)).has_value());
  Image plain(60, 40);
  std::fill(plain.pixels().begin(), plain.pixels().end(), std::uint8_t{90});
  EXPECT_FALSE(without_border(plain).has_value());
  Image one(1, 1);
  std::fill(one.pixels().begin(), one.pixels().end(), std::uint8_t{90});
  EXPECT_FALSE(without_border(one).has_value());
}

}  // namespace
}  // namespace winnow::image
