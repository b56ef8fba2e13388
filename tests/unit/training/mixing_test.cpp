#include "mixing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace winnow::training {
namespace {

using testing::Each;

constexpr int kSize = 20;
const std::vector<std::uint8_t> kBlack(3 * kSize * kSize, 0);
const std::vector<std::uint8_t> kWhite(3 * kSize * kSize, 255);

TEST(Mixing, NothingIsMixedUnlessAskedFor) {
  const Mix mix = draw_mix({}, 1, 1, 0, kSize);
  EXPECT_EQ(mix.kind, Mix::Kind::kNone);
  EXPECT_EQ(mix.label_weight, 1);
  std::vector<std::uint8_t> picture = kBlack;
  apply_mix(mix, picture, kWhite, kSize);
  EXPECT_EQ(picture, kBlack);
}

TEST(Mixing, CutmixWeighsLabelsByTheArea) {
  double sum = 0;
  constexpr std::size_t kSteps = 400;
  for (std::size_t step = 0; step < kSteps; ++step) {
    const Mix mix = draw_mix({.cutmix_alpha = 1}, 1, 1, step, kSize);
    ASSERT_EQ(mix.kind, Mix::Kind::kCutmix);
    std::vector<std::uint8_t> picture = kBlack;
    apply_mix(mix, picture, kWhite, kSize);
    const auto white = static_cast<double>(std::count(picture.begin(), picture.end(), 255));
    EXPECT_DOUBLE_EQ(mix.label_weight, 1 - white / static_cast<double>(picture.size()));
    sum += mix.label_weight;
  }
  // A uniform share has mean 1/2; boxes that reach over the edge leave more of the picture.
  EXPECT_GT(sum / kSteps, 0.5);
  EXPECT_LT(sum / kSteps, 0.8);
}

TEST(Mixing, MixupWeighsLabelsByTheShareOfThePixels) {
  double sum = 0;
  double squares = 0;
  constexpr std::size_t kSteps = 2000;
  for (std::size_t step = 0; step < kSteps; ++step) {
    const Mix mix = draw_mix({.mixup_alpha = 0.2}, 1, 1, step, kSize);
    ASSERT_EQ(mix.kind, Mix::Kind::kMixup);
    std::vector<std::uint8_t> picture = kWhite;
    apply_mix(mix, picture, kBlack, kSize);
    EXPECT_NEAR(picture[0], 255 * mix.label_weight, 0.5);
    EXPECT_THAT(picture, Each(picture[0]));
    sum += mix.label_weight;
    squares += mix.label_weight * mix.label_weight;
  }
  // Beta(a, a) has mean 1/2 and variance 1 / (4 (2 a + 1)), here 0.179.
  const double mean = sum / kSteps;
  EXPECT_NEAR(mean, 0.5, 0.04);
  EXPECT_NEAR(squares / kSteps - mean * mean, 0.179, 0.02);
}

TEST(Mixing, APictureMixedWithItselfStays) {
  std::vector<std::uint8_t> picture(3 * kSize * kSize);
  for (std::size_t i = 0; i < picture.size(); ++i) picture[i] = static_cast<std::uint8_t>(i);
  const std::vector<std::uint8_t> original = picture;
  for (std::size_t step = 0; step < 50; ++step) {
    apply_mix(draw_mix({.mixup_alpha = 1, .cutmix_alpha = 1}, 3, 1, step, kSize), picture, original, kSize);
    ASSERT_EQ(picture, original);
  }
}

TEST(Mixing, BothMethodsTakeTurnsByChance) {
  int boxes = 0;
  for (std::size_t step = 0; step < 1000; ++step) {
    const Mix mix = draw_mix({.mixup_alpha = 0.2, .cutmix_alpha = 1}, 1, 1, step, kSize);
    boxes += mix.kind == Mix::Kind::kCutmix ? 1 : 0;
  }
  EXPECT_NEAR(boxes, 500, 60);
}

TEST(Mixing, TheSmallestPicturesCanBeMixed) {
  for (std::size_t step = 0; step < 50; ++step) {
    std::vector<std::uint8_t> picture(3, 0);
    const Mix mix = draw_mix({.mixup_alpha = 0.2, .cutmix_alpha = 1}, 1, 1, step, 1);
    apply_mix(mix, picture, std::vector<std::uint8_t>(3, 255), 1);
    EXPECT_NEAR(picture[0], 255 * (1 - mix.label_weight), 0.5);
  }
}

}  // namespace
}  // namespace winnow::training
