#include "winnow/image/quality.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/photo.hpp"
#include "winnow/core/random.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::image {
namespace {

constexpr const Quality& kLimits = kQualityThresholds;

Image flat(int width, int height, std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  Image image(width, height);
  for (std::size_t i = 0; i < image.size_bytes(); i += 3) {
    image.pixels()[i] = red;
    image.pixels()[i + 1] = green;
    image.pixels()[i + 2] = blue;
  }
  return image;
}

Image noise(int width, int height, int low, int high) {
  Image image(width, height);
  CounterRandom random(1);
  for (std::uint8_t& value : image.pixels())
    value = static_cast<std::uint8_t>(low +
                                      static_cast<int>(random.below(static_cast<std::uint64_t>(high - low))));
  return image;
}

template <typename Change>
Image changed(const Image& source, const Change& change) {
  Image image(source.width(), source.height());
  std::transform(source.pixels().begin(), source.pixels().end(), image.pixels().begin(),
                 [&](std::uint8_t value) { return static_cast<std::uint8_t>(change(value)); });
  return image;
}

TEST(MeasureQuality, FindsNothingWrongWithPhotographs) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Quality quality = measure_quality(test::draw_photo(seed, 400, 300));
    EXPECT_GT(quality.dark, kLimits.dark) << seed;
    EXPECT_GT(quality.light, kLimits.light) << seed;
    EXPECT_FLOAT_EQ(quality.odd_aspect_ratio, 0.75F);
    EXPECT_GT(quality.low_information, kLimits.low_information) << seed;
    EXPECT_FALSE(quality.grey) << seed;
  }
}

TEST(MeasureQuality, TellsDarkFromLight) {
  const Image photo = test::draw_photo(1, 200, 150);
  const Quality dark = measure_quality(changed(photo, [](int value) { return value / 6; }));
  EXPECT_LT(dark.dark, kLimits.dark);
  EXPECT_GT(dark.light, kLimits.light);
  const Quality light = measure_quality(changed(photo, [](int value) { return 250 + value / 60; }));
  EXPECT_LT(light.light, kLimits.light);
  EXPECT_GT(light.dark, kLimits.dark);
}

TEST(MeasureQuality, ScoresBrightnessFromNoneToFull) {
  EXPECT_EQ(measure_quality(flat(10, 10, 0, 0, 0)).dark, 0);
  EXPECT_EQ(measure_quality(flat(10, 10, 0, 0, 0)).light, 1);
  EXPECT_EQ(measure_quality(flat(10, 10, 255, 255, 255)).dark, 1);
  EXPECT_EQ(measure_quality(flat(10, 10, 255, 255, 255)).light, 0);
  EXPECT_NEAR(measure_quality(flat(10, 10, 0, 200, 0)).dark, std::sqrt(0.691) * 200 / 255, 0.003);
}

TEST(MeasureQuality, ScoresTheShape) {
  EXPECT_FLOAT_EQ(measure_quality(flat(300, 30, 1, 2, 3)).odd_aspect_ratio, 0.1F);
  EXPECT_FLOAT_EQ(measure_quality(flat(30, 300, 1, 2, 3)).odd_aspect_ratio, 0.1F);
  EXPECT_FLOAT_EQ(measure_quality(flat(50, 50, 1, 2, 3)).odd_aspect_ratio, 1);
}

TEST(MeasureQuality, ScoresInformationByTheEntropyOfTheColours) {
  // One value in each channel: three equally frequent values, log2(3) bits.
  EXPECT_NEAR(measure_quality(flat(64, 64, 10, 20, 30)).low_information, 0.1 * std::log2(3), 1e-5);
  // 64 values in each: log2(3 * 64) bits.
  EXPECT_NEAR(measure_quality(noise(250, 250, 0, 64)).low_information, 0.1 * std::log2(3 * 64), 0.01);
}

TEST(MeasureQuality, ScoresBlur) {
  // Grey values of every kind, in blocks of one pixel and in a smooth run.
  Image smooth(64, 48);
  for (int y = 0; y < 48; ++y) {
    for (int x = 0; x < 64; ++x)
      std::fill_n(smooth.row(y) + 3 * x, 3, static_cast<std::uint8_t>(2 * x + 2 * y));
  }
  EXPECT_LT(measure_quality(smooth).blurry, kLimits.blurry);
  EXPECT_GT(measure_quality(noise(64, 48, 0, 220)).blurry, 2 * kLimits.blurry);
}

TEST(MeasureQuality, KnowsGreyInColourFiles) {
  Image grey = noise(40, 40, 0, 256);
  for (std::size_t i = 0; i < grey.size_bytes(); i += 3) {
    grey.pixels()[i + 1] = grey.pixels()[i];
    grey.pixels()[i + 2] = static_cast<std::uint8_t>(std::max(0, grey.pixels()[i] - 2));  // as JPEG rounds
  }
  EXPECT_TRUE(measure_quality(grey).grey);
  grey.pixels()[30] = static_cast<std::uint8_t>(grey.pixels()[30] ^ 0x80);
  EXPECT_FALSE(measure_quality(grey).grey);
}

TEST(MeasureQuality, TakesPicturesOfOnePixelAndOfExtremeShape) {
  for (const auto& [width, height] :
       {std::pair(1, 1), std::pair(1, 5000), std::pair(5000, 2), std::pair(2, 2)}) {
    const Quality quality = measure_quality(flat(width, height, 200, 100, 50));
    EXPECT_GE(quality.blurry, 0);
    EXPECT_LE(quality.blurry, 1);
    EXPECT_GT(quality.odd_aspect_ratio, 0);
  }
}

}  // namespace
}  // namespace winnow::image
