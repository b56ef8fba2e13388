#include "pixel_operations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "support/photo.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::training {
namespace {

using testing::Each;
using testing::ElementsAre;

// A square of pixels that can be looked at by their red value.
class Square {
 public:
  explicit Square(int size) : size_(size), pixels_(static_cast<std::size_t>(size * size) * 3) {}
  // Red, green and blue alike.
  Square(int size, const std::vector<int>& greys) : Square(size) {
    for (std::size_t i = 0; i < pixels_.size(); ++i) pixels_[i] = static_cast<std::uint8_t>(greys[i / 3]);
  }

  [[nodiscard]] SquarePicture view() { return {pixels_, size_}; }
  std::vector<std::uint8_t>& pixels() { return pixels_; }
  [[nodiscard]] std::vector<int> reds() const {
    std::vector<int> values;
    for (std::size_t i = 0; i < pixels_.size(); i += 3) values.push_back(pixels_[i]);
    return values;
  }
  friend bool operator==(const Square&, const Square&) = default;

 private:
  int size_;
  std::vector<std::uint8_t> pixels_;
};

Square photo(int size) {
  const image::Image picture = image::resize(test::draw_photo(1, size, size), size, size);
  Square square(size);
  std::copy(picture.pixels().begin(), picture.pixels().end(), square.pixels().begin());
  return square;
}

TEST(PixelOperations, MirrorExchangesLeftAndRightByWholePixels) {
  Square square(3, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  mirror(square.view());
  EXPECT_THAT(square.reds(), ElementsAre(3, 2, 1, 6, 5, 4, 9, 8, 7));
  Square colour(2);
  colour.pixels() = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  mirror(colour.view());
  EXPECT_THAT(colour.pixels(), ElementsAre(4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9));
}

TEST(PixelOperations, TranslateMovesAndFills) {
  const Square square(3, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  Square right = square;
  translate(right.view(), 1, 0);
  EXPECT_THAT(right.reds(), ElementsAre(kFill, 1, 2, kFill, 4, 5, kFill, 7, 8));
  Square left_up = square;
  translate(left_up.view(), -1, -1);
  EXPECT_THAT(left_up.reds(), ElementsAre(5, 6, kFill, 8, 9, kFill, kFill, kFill, kFill));
  Square down = square;
  translate(down.view(), 0, 2);
  EXPECT_THAT(down.reds(), ElementsAre(kFill, kFill, kFill, kFill, kFill, kFill, 1, 2, 3));
  for (const int far : {-3, 3, -100, 100}) {
    Square across = square;
    translate(across.view(), far, 0);
    EXPECT_THAT(across.pixels(), Each(kFill));
    Square along = square;
    translate(along.view(), 0, far);
    EXPECT_THAT(along.pixels(), Each(kFill));
  }
}

TEST(PixelOperations, WarpByNothingChangesNothing) {
  const Square original = photo(33);
  Square square = original;
  warp(square.view(), {});
  EXPECT_EQ(square, original);
  warp(square.view(), rotation_map(0, 33));
  EXPECT_EQ(square, original);
}

TEST(PixelOperations, WarpByWholePixelsIsATranslation) {
  Square warped = photo(17);
  Square translated = warped;
  warp(warped.view(), {.x0 = -3, .y0 = 2});
  translate(translated.view(), 3, -2);
  EXPECT_EQ(warped, translated);
}

TEST(PixelOperations, WarpTakesTheMeanBetweenPixels) {
  Square square(3, {0, 100, 200, 0, 100, 200, 0, 100, 200});
  warp(square.view(), {.x0 = 0.5});
  EXPECT_THAT(square.reds(), ElementsAre(50, 150, 164, 50, 150, 164, 50, 150, 164));  // 164: of 200 and kFill
}

TEST(PixelOperations, QuarterTurnsMovePixelsWhole) {
  const Square original(3, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  Square square = original;
  warp(square.view(), rotation_map(90, 3));
  EXPECT_THAT(square.reds(), ElementsAre(7, 4, 1, 8, 5, 2, 9, 6, 3));
  for (int i = 0; i < 3; ++i) warp(square.view(), rotation_map(90, 3));
  EXPECT_EQ(square, original);
}

TEST(PixelOperations, ShearKeepsItsOwnEdge) {
  const Square original(3, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  Square x = original;
  warp(x.view(), shear_x_map(1));
  EXPECT_THAT(x.reds(), ElementsAre(1, 2, 3, 5, 6, kFill, 9, kFill, kFill));
  Square y = original;
  warp(y.view(), shear_y_map(1));
  EXPECT_THAT(y.reds(), ElementsAre(1, 5, 9, 4, 8, kFill, 7, kFill, kFill));
}

TEST(PixelOperations, BrightnessMultiplies) {
  Square square(2, {0, 10, 100, 200});
  adjust_brightness(square.view(), 1.5);
  EXPECT_THAT(square.reds(), ElementsAre(0, 15, 150, 255));
  adjust_brightness(square.view(), 0);
  EXPECT_THAT(square.pixels(), Each(0));
}

TEST(PixelOperations, ContrastMovesAwayFromTheMeanGrey) {
  Square square(2, {50, 150, 90, 110});
  adjust_contrast(square.view(), 1.5);  // the mean is 100
  EXPECT_THAT(square.reds(), ElementsAre(25, 175, 85, 115));
  adjust_contrast(square.view(), 0);
  EXPECT_THAT(square.pixels(), Each(100));
}

TEST(PixelOperations, ColourMovesAwayFromGrey) {
  Square square(1);
  square.pixels() = {200, 100, 50};  // its grey is 0.299 * 200 + 0.587 * 100 + 0.114 * 50 = 124
  Square strong = square;
  adjust_colour(strong.view(), 1.5);
  EXPECT_THAT(strong.pixels(), ElementsAre(238, 88, 13));
  adjust_colour(square.view(), 0);
  EXPECT_THAT(square.pixels(), Each(124));
}

TEST(PixelOperations, ColoursAtOnceAreWhatTheyAreOneAfterTheOther) {
  // Diagonals of eight colours: the first column, which is every eighth pixel, has the mean of all.
  Square once(8);
  for (std::size_t i = 0; i < 64; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      once.pixels()[3 * i + c] = static_cast<std::uint8_t>(60 + (i % 8 + i / 8) % 8 * 10 + 25 * c);
    }
  }
  Square steps = once;
  adjust_brightness(steps.view(), 1.15);
  adjust_contrast(steps.view(), 0.85);
  adjust_colour(steps.view(), 1.2);
  adjust_colours(once.view(), {.brightness = 1.15, .contrast = 0.85, .saturation = 1.2});
  for (std::size_t i = 0; i < once.pixels().size(); ++i) {
    EXPECT_NEAR(once.pixels()[i], steps.pixels()[i], 2) << i;
  }
}

TEST(PixelOperations, ColoursAtOnceStayWithinBytes) {
  Square square(2, {0, 50, 200, 255});
  adjust_colours(square.view(), {.brightness = 2});
  EXPECT_THAT(square.reds(), ElementsAre(0, 100, 255, 255));
  Square colour(1);
  colour.pixels() = {200, 100, 50};
  adjust_colours(colour.view(), {.saturation = 0});
  EXPECT_THAT(colour.pixels(), Each(124));
  colour.pixels() = {200, 100, 50};
  adjust_colours(colour.view(), {.saturation = 1.5});
  EXPECT_THAT(colour.pixels(), ElementsAre(238, 88, 13));
  adjust_colours(colour.view(), {});
  EXPECT_THAT(colour.pixels(), ElementsAre(238, 88, 13));
}

TEST(PixelOperations, SharpnessSmoothsInsideOnly) {
  const Square original(3, {0, 0, 0, 0, 130, 0, 0, 0, 0});
  Square smooth = original;
  adjust_sharpness(smooth.view(), 0);
  EXPECT_THAT(smooth.reds(), ElementsAre(0, 0, 0, 0, 50, 0, 0, 0, 0));  // 5 / 13 of 130
  Square sharp = original;
  adjust_sharpness(sharp.view(), 1.5);
  EXPECT_THAT(sharp.reds(), ElementsAre(0, 0, 0, 0, 170, 0, 0, 0, 0));
}

TEST(PixelOperations, PosterizeKeepsUpperBits) {
  Square square(2, {255, 127, 64, 63});
  posterize(square.view(), 2);
  EXPECT_THAT(square.reds(), ElementsAre(192, 64, 64, 0));
}

TEST(PixelOperations, SolarizeInvertsFromTheThresholdOn) {
  Square square(2, {0, 127, 128, 255});
  solarize(square.view(), 128);
  EXPECT_THAT(square.reds(), ElementsAre(0, 127, 127, 0));
}

TEST(PixelOperations, AutoContrastStretchesEachChannel) {
  Square square(2);
  square.pixels() = {100, 7, 0, 150, 7, 255, 125, 7, 1, 200, 7, 2};
  auto_contrast(square.view());
  // Red from 100..200; green is flat and blue full already: both stay.
  EXPECT_THAT(square.pixels(), ElementsAre(0, 7, 0, 127, 7, 255, 63, 7, 1, 255, 7, 2));
}

TEST(PixelOperations, EqualizeFlattensTheHistogram) {
  // 1024 pixels: 256 each of 10, 11, 12 and 13. The step is (1024 - 256) / 255 = 3, and below each value
  // there are 0, 256, 512, 768 pixels: (1 + 256 k) / 3.
  std::vector<int> greys(1024);
  for (std::size_t i = 0; i < greys.size(); ++i) greys[i] = 10 + static_cast<int>(i % 4);
  Square square(32, greys);
  equalize(square.view());
  const std::vector<int> values = square.reds();
  EXPECT_THAT(std::vector<int>(values.begin(), values.begin() + 4), ElementsAre(0, 85, 171, 255));
  Square flat(2, {9, 9, 9, 9});
  equalize(flat.view());
  EXPECT_THAT(flat.pixels(), Each(9));
}

TEST(PixelOperations, NoStrengthOfAnyOperationLeavesThePicture) {
  for (const int size : {1, 2, 3, 8, 31, 64}) {
    const Square original = photo(size);
    for (int operation = 0; operation < kTrivialOperations; ++operation) {
      for (const int strength : {0, 1, 15, kTrivialStrengths - 1}) {
        for (const bool negative : {false, true}) {
          Square square = original;
          // A guard behind the pixels shows what a plain build would not.
          square.pixels().insert(square.pixels().end(), 64, 0xa5);
          const SquarePicture picture{std::span(square.pixels()).first(original.reds().size() * 3), size};
          apply_trivial_operation(picture, static_cast<TrivialOperation>(operation), strength, negative);
          EXPECT_THAT(std::vector<std::uint8_t>(square.pixels().end() - 64, square.pixels().end()),
                      Each(0xa5));
        }
      }
    }
  }
}

TEST(PixelOperations, StrengthNoneIsMild) {
  const Square original = photo(40);
  for (const TrivialOperation operation :
       {TrivialOperation::kIdentity, TrivialOperation::kShearX, TrivialOperation::kShearY,
        TrivialOperation::kTranslateX, TrivialOperation::kTranslateY, TrivialOperation::kRotate,
        TrivialOperation::kBrightness, TrivialOperation::kColour, TrivialOperation::kContrast,
        TrivialOperation::kSharpness, TrivialOperation::kPosterize}) {
    Square square = original;
    apply_trivial_operation(square.view(), operation, 0, false);
    EXPECT_EQ(square, original) << static_cast<int>(operation);
  }
}

TEST(PixelOperations, EveryOperationButOneChangesThePicture) {
  const Square original = photo(40);
  for (int operation = 1; operation < kTrivialOperations; ++operation) {
    for (const bool negative : {false, true}) {
      Square square = original;
      apply_trivial_operation(square.view(), static_cast<TrivialOperation>(operation), kTrivialStrengths - 1,
                              negative);
      EXPECT_NE(square, original) << operation;
    }
  }
}

TEST(PixelOperations, OperationsGoAsFarAsThePaperSays) {
  Square moved(224, std::vector<int>(224 * 224, 1));
  apply_trivial_operation(moved.view(), TrivialOperation::kTranslateX, kTrivialStrengths - 1, false);
  const std::vector<int> reds = moved.reds();
  EXPECT_EQ(std::count(reds.begin(), reds.begin() + 224, kFill), 32);
  Square dark(1, {200});
  apply_trivial_operation(dark.view(), TrivialOperation::kBrightness, kTrivialStrengths - 1, true);
  EXPECT_THAT(dark.pixels(), Each(2));  // 0.01 of 200
  Square coarse(1, {255});
  apply_trivial_operation(coarse.view(), TrivialOperation::kPosterize, kTrivialStrengths - 1, false);
  EXPECT_THAT(coarse.pixels(), Each(192));
  Square solarized(1, {3});
  apply_trivial_operation(solarized.view(), TrivialOperation::kSolarize, kTrivialStrengths - 1, false);
  EXPECT_THAT(solarized.pixels(), Each(252));
}

}  // namespace
}  // namespace winnow::training
