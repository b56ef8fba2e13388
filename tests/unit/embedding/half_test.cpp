#include "half.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace winnow::embedding {
namespace {

TEST(Half, KeepsEveryValueThatItCanHold) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = from_half(half);
    if (std::isnan(value) || std::isinf(value)) continue;
    ASSERT_EQ(to_half(value), half) << bits;
  }
}

TEST(Half, KnowsTheLandmarks) {
  EXPECT_EQ(to_half(1), 0x3c00);
  EXPECT_EQ(to_half(-2), 0xc000);
  EXPECT_EQ(to_half(0), 0);
  EXPECT_EQ(to_half(65504), 0x7bff);
  EXPECT_EQ(from_half(0x0001), std::ldexp(1.0F, -24));
  EXPECT_EQ(from_half(0x3555), 0.333251953125F);
  EXPECT_TRUE(std::isinf(from_half(0x7c00)));
  EXPECT_TRUE(std::isnan(from_half(0x7e00)));
}

TEST(Half, RoundsToTheNearestAndTiesToEven) {
  const float step = std::ldexp(1.0F, -10);  // between halves at 1
  EXPECT_EQ(from_half(to_half(1 + 0.49F * step)), 1);
  EXPECT_EQ(from_half(to_half(1 + 0.51F * step)), 1 + step);
  EXPECT_EQ(from_half(to_half(1 + 0.5F * step)), 1);
  EXPECT_EQ(from_half(to_half(1 + 1.5F * step)), 1 + 2 * step);
  EXPECT_EQ(from_half(to_half(std::ldexp(0.49F, -24))), 0);
}

TEST(Half, StaysFinite) {
  EXPECT_EQ(from_half(to_half(1e30F)), 65504);
  EXPECT_EQ(from_half(to_half(-std::numeric_limits<float>::infinity())), -65504);
  EXPECT_TRUE(std::isnan(from_half(to_half(std::nanf("")))));
}

}  // namespace
}  // namespace winnow::embedding
