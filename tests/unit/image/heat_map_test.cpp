#include "winnow/image/heat_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "winnow/core/error.hpp"

namespace winnow::image {
namespace {

Image grey(int width, int height) {
  Image image(width, height);
  std::fill(image.pixels().begin(), image.pixels().end(), std::uint8_t{128});
  return image;
}

int at(const Image& image, int x, int y, int channel) {
  return image.row(y)[3 * x + channel];
}

TEST(OverlayHeat, IsYellowWhereItIsHotAndBlueWhereItIsNot) {
  Image picture = grey(40, 20);
  overlay_heat(picture, {10, 0, 20, 20}, {1, 2, {0, 5}}, 1);
  EXPECT_NEAR(at(picture, 10, 10, 0), 68, 4);  // viridis runs from (68, 1, 84) to (253, 231, 37)
  EXPECT_NEAR(at(picture, 10, 10, 2), 84, 4);
  EXPECT_NEAR(at(picture, 29, 10, 0), 253, 4);
  EXPECT_NEAR(at(picture, 29, 10, 1), 231, 4);
  for (const int x : {0, 9, 30, 39}) EXPECT_EQ(at(picture, x, 10, 0), 128) << x;
}

TEST(OverlayHeat, MixesByItsOpacity) {
  Image picture = grey(8, 8);
  overlay_heat(picture, {0, 0, 8, 8}, {1, 1, {1}}, 0.45F);
  EXPECT_NEAR(at(picture, 4, 4, 0), 0.45 * 253 + 0.55 * 128, 3);
}

TEST(OverlayHeat, CountsNegativeValuesAsNothing) {
  Image cold = grey(8, 8);
  Image colder = grey(8, 8);
  overlay_heat(cold, {0, 0, 8, 8}, {1, 2, {0, 0}});
  overlay_heat(colder, {0, 0, 8, 8}, {1, 2, {-1, -9}});
  EXPECT_TRUE(std::equal(cold.pixels().begin(), cold.pixels().end(), colder.pixels().begin()));
}

TEST(OverlayHeat, RefusesARegionBeyondThePicture) {
  Image picture = grey(8, 8);
  const HeatMap map{1, 1, {1}};
  EXPECT_THROW(overlay_heat(picture, {1, 0, 8, 8}, map), Error);
  EXPECT_THROW(overlay_heat(picture, {-1, 0, 4, 4}, map), Error);
  EXPECT_THROW(overlay_heat(picture, {0, 0, 0, 4}, map), Error);
  EXPECT_THROW(overlay_heat(picture, {0, 0, 8, 8}, {2, 1, {1}}), Error);
  EXPECT_THROW(overlay_heat(picture, {0, 0, 8, 8}, {}), Error);
}

}  // namespace
}  // namespace winnow::image
