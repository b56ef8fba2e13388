#include "augmentation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <vector>

#include "pixel_operations.hpp"
#include "support/photo.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::training {
namespace {

using testing::Each;

using Pixels = std::vector<std::uint8_t>;

constexpr AugmentOptions kPlain{.min_area = 1, .flip = FlipRule::kNone};

std::size_t bytes_of(int side) {
  return std::size_t{3} * static_cast<std::size_t>(side) * static_cast<std::size_t>(side);
}

Pixels photo(int side) {
  const image::Image picture = test::draw_photo(5, side, side);
  return {picture.pixels().begin(), picture.pixels().end()};
}

// Red tells the column and green the row, so that one can see where a pixel came from.
Pixels coordinates(int side) {
  Pixels pixels;
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      for (const int value : {x, y, 0}) pixels.push_back(static_cast<std::uint8_t>(value));
    }
  }
  return pixels;
}

Pixels augmented(const Pixels& picture, int side, int size, const AugmentOptions& options,
                 const AugmentKey& key = {}) {
  Pixels out(bytes_of(size));
  augment(picture, side, out, size, options, key);
  return out;
}

TEST(Augmentation, IsTheSameForTheSameKeyAndDiffersForAnyOther) {
  const Pixels picture = photo(40);
  const AugmentOptions options = scratch_augmentation();
  const AugmentKey key{.seed = 7, .epoch = 3, .sample = 11, .copy = 0};
  const Pixels once = augmented(picture, 40, 32, options, key);
  EXPECT_EQ(augmented(picture, 40, 32, options, key), once);
  EXPECT_NE(augmented(picture, 40, 32, options, {8, 3, 11, 0}), once);
  EXPECT_NE(augmented(picture, 40, 32, options, {7, 4, 11, 0}), once);
  EXPECT_NE(augmented(picture, 40, 32, options, {7, 3, 12, 0}), once);
  EXPECT_NE(augmented(picture, 40, 32, options, {7, 3, 11, 1}), once);
}

TEST(Augmentation, TheWholePictureResizedIsWhatPreprocessingDoes) {
  const Pixels picture = photo(40);
  image::Image source(40, 40);
  std::copy(picture.begin(), picture.end(), source.row(0));
  const image::Image expected = image::resize(source, 32, 32);
  // With the whole area only the aspect 1 fits; the other tries fall back on the whole picture.
  for (std::size_t sample = 0; sample < 20; ++sample) {
    EXPECT_TRUE(
        std::ranges::equal(augmented(picture, 40, 32, kPlain, {.sample = sample}), expected.pixels()));
  }
}

TEST(Augmentation, CropsKeepTheirShareAndAspect) {
  constexpr int kSide = 200;
  constexpr int kSize = 50;
  const Pixels picture = coordinates(kSide);
  AugmentOptions options = kPlain;
  options.min_area = 0.35;
  double smallest = 1;
  double largest = 0;
  for (std::size_t sample = 0; sample < 300; ++sample) {
    const Pixels out = augmented(picture, kSide, kSize, options, {.sample = sample});
    // Between the centres of the first and last pixel lie kSize - 1 of kSize parts of the rectangle.
    const double width = (out[bytes_of(kSize) - 3] - out[0]) * kSize / (kSize - 1.0);
    const double height = (out[bytes_of(kSize) - 2] - out[1]) * kSize / (kSize - 1.0);
    const double area = width * height / (kSide * kSide);
    smallest = std::min(smallest, area);
    largest = std::max(largest, area);
    EXPECT_GT(width / height, 0.75 * 0.97);
    EXPECT_LT(width / height, 1.03 / 0.75);
  }
  EXPECT_GT(smallest, 0.33);
  EXPECT_LT(smallest, 0.40);
  EXPECT_GT(largest, 0.9);
  EXPECT_LT(largest, 1.02);
}

TEST(Augmentation, EnlargesAndShrinksToAnySize) {
  for (const int side : {1, 2, 7, 40}) {
    for (const int size : {1, 3, 32, 90}) {
      for (std::size_t sample = 0; sample < 10; ++sample) {
        const Pixels flat(bytes_of(side), 90);
        AugmentOptions options = kPlain;
        options.min_area = 0.08;
        EXPECT_THAT(augmented(flat, side, size, options, {.sample = sample}), Each(90))
            << side << " " << size;
      }
    }
  }
}

TEST(Augmentation, ShiftedCropsComeFromEverywhereAndReflectAtTheEdge) {
  constexpr int kSide = 8;
  const AugmentOptions options{.crop = CropRule::kShifted, .pad = 2, .flip = FlipRule::kNone};
  const Pixels picture = coordinates(kSide);
  std::set<std::pair<int, int>> shifts;
  for (std::size_t sample = 0; sample < 400; ++sample) {
    const Pixels out = augmented(picture, kSide, kSide, options, {.sample = sample});
    const auto position = [](int at) { return at < 0 ? -at : at > 7 ? 14 - at : at; };
    // The middle is always inside.
    const int left = out[3 * (4 * kSide + 4)] - 4;
    const int top = out[3 * (4 * kSide + 4) + 1] - 4;
    shifts.insert({left, top});
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        const auto at = static_cast<std::size_t>(3 * (y * kSide + x));
        ASSERT_EQ(out[at], position(left + x));
        ASSERT_EQ(out[at + 1], position(top + y));
      }
    }
  }
  EXPECT_EQ(shifts.size(), 25u);
}

TEST(Augmentation, MirrorsHalfOfThePictures) {
  const Pixels picture = photo(16);
  AugmentOptions options = kPlain;
  options.flip = FlipRule::kRandom;
  int mirrored = 0;
  for (std::size_t sample = 0; sample < 1000; ++sample) {
    mirrored += augmented(picture, 16, 16, options, {.sample = sample}) != picture ? 1 : 0;
  }
  EXPECT_NEAR(mirrored, 500, 60);
}

TEST(Augmentation, MirrorsByTurns) {
  const Pixels picture = photo(16);
  AugmentOptions options = kPlain;
  options.flip = FlipRule::kAlternating;
  int first = 0;
  for (std::size_t sample = 0; sample < 1000; ++sample) {
    const bool mirrored = is_mirrored_by_turns(1, 1, sample);
    first += mirrored ? 1 : 0;
    EXPECT_EQ(is_mirrored_by_turns(1, 2, sample), !mirrored);
    EXPECT_EQ(is_mirrored_by_turns(1, 3, sample), mirrored);
    const Pixels out = augmented(picture, 16, 16, options, {.seed = 1, .epoch = 1, .sample = sample});
    ASSERT_EQ(out != picture, mirrored);
  }
  EXPECT_NEAR(first, 500, 60);
}

TEST(Augmentation, JitterStaysWithinItsBounds) {
  AugmentOptions options = kPlain;
  options.jitter = 0.2;
  const Pixels flat(bytes_of(4), 100);
  int lowest = 255;
  int highest = 0;
  for (std::size_t sample = 0; sample < 300; ++sample) {
    const Pixels out = augmented(flat, 4, 4, options, {.sample = sample});
    EXPECT_THAT(out, Each(out[0]));  // grey stays grey, flat stays flat
    lowest = std::min<int>(lowest, out[0]);
    highest = std::max<int>(highest, out[0]);
  }
  EXPECT_GE(lowest, 80);
  EXPECT_LE(lowest, 83);
  EXPECT_LE(highest, 120);
  EXPECT_GE(highest, 117);
}

TEST(Augmentation, TakesTheColourFromSome) {
  AugmentOptions options = kPlain;
  options.grey = 0.25;
  const Pixels picture = photo(8);
  int grey = 0;
  for (std::size_t sample = 0; sample < 1000; ++sample) {
    const Pixels out = augmented(picture, 8, 8, options, {.sample = sample});
    bool all = true;
    for (std::size_t i = 0; i < out.size(); i += 3) all = all && out[i] == out[i + 1] && out[i] == out[i + 2];
    grey += all ? 1 : 0;
  }
  EXPECT_NEAR(grey, 250, 50);
}

TEST(Augmentation, ErasesARectangleFromSome) {
  AugmentOptions options = kPlain;
  options.erase = 0.5;
  constexpr int kSide = 48;
  const Pixels black(bytes_of(kSide), 0);
  int erased = 0;
  for (std::size_t sample = 0; sample < 400; ++sample) {
    const Pixels out = augmented(black, kSide, kSide, options, {.sample = sample});
    const auto changed = std::count_if(out.begin(), out.end(), [](std::uint8_t value) { return value != 0; });
    if (changed == 0) continue;
    ++erased;
    const double share = static_cast<double>(changed) / static_cast<double>(out.size());
    EXPECT_GT(share, 0.015);
    EXPECT_LT(share, 0.345);
  }
  EXPECT_NEAR(erased, 200, 45);
}

TEST(Augmentation, PresetsWorkAtTheirSizes) {
  for (const int size : {28, 32, 128, 224}) {
    const int side = size * 8 / 7;
    const Pixels picture = photo(side);
    for (std::size_t sample = 0; sample < 40; ++sample) {
      augmented(picture, side, size, finetune_augmentation(), {.sample = sample});
      augmented(picture, side, size, scratch_augmentation(), {.sample = sample});
      augmented(photo(size), size, size, thumbnail_augmentation(size), {.sample = sample});
    }
  }
  EXPECT_EQ(thumbnail_augmentation(32).pad, 2);
}

}  // namespace
}  // namespace winnow::training
