#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "support/drawing.hpp"
#include "unit/image/pictures.hpp"
#include "winnow/core/random.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::image {
namespace {

// One line, the slow and obvious way.
std::vector<double> resample_line(const std::vector<double>& source, int target) {
  const int n = static_cast<int>(source.size());
  const double scale = static_cast<double>(n) / target;
  std::vector<double> line(static_cast<std::size_t>(target), 0);
  for (int i = 0; i < target; ++i) {
    double& out = line[static_cast<std::size_t>(i)];
    if (n >= target) {
      for (int j = 0; j < n; ++j) {
        const double overlap = std::min(j + 1.0, (i + 1) * scale) - std::max<double>(j, i * scale);
        out += std::max(0.0, overlap) / scale * source[static_cast<std::size_t>(j)];
      }
      continue;
    }
    const double centre = (i + 0.5) * scale - 0.5;
    for (int j = static_cast<int>(std::floor(centre)) - 1; j <= std::floor(centre) + 2; ++j) {
      const double d = std::abs(centre - j);
      const double a = -0.75;
      const double weight = d < 1   ? ((a + 2) * d - (a + 3)) * d * d + 1
                            : d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
                                    : 0;
      out += weight * source[static_cast<std::size_t>(std::clamp(j, 0, n - 1))];
    }
  }
  return line;
}

Image reference(const Image& source, int width, int height) {
  std::vector<std::vector<double>> columns(static_cast<std::size_t>(source.width()) * 3);
  for (std::size_t x = 0; x < columns.size(); ++x) {
    std::vector<double> column;
    for (int y = 0; y < source.height(); ++y) column.push_back(source.row(y)[x]);
    columns[x] = resample_line(column, height);
  }
  Image out(width, height);
  for (int y = 0; y < height; ++y) {
    for (std::size_t c = 0; c < 3; ++c) {
      std::vector<double> row;
      for (std::size_t x = c; x < columns.size(); x += 3)
        row.push_back(columns[x][static_cast<std::size_t>(y)]);
      row = resample_line(row, width);
      for (int x = 0; x < width; ++x) {
        const double value = std::clamp(std::round(row[static_cast<std::size_t>(x)]), 0.0, 255.0);
        out.row(y)[3 * x + static_cast<int>(c)] = static_cast<std::uint8_t>(value);
      }
    }
  }
  return out;
}

Image noise(int width, int height) {
  CounterRandom random(static_cast<std::uint64_t>(width), height);
  Image image(width, height);
  for (std::uint8_t& value : image.pixels()) value = static_cast<std::uint8_t>(random.next());
  return image;
}

// Noise has the steepest edges there are, so this also covers overshoot and its clamping.
TEST(Resize, MatchesTheReference) {
  for (const int width : {1, 2, 3, 5, 6, 7, 16, 31, 64, 129}) {
    for (const int height : {1, 2, 5, 33, 90}) {
      const Image source = noise(width, height);
      for (const auto& [to_width, to_height] :
           {std::pair{1, 1}, {2, 3}, {5, 5}, {6, 90}, {31, 33}, {32, 32}, {64, 17}, {100, 4}, {200, 101}}) {
        const Image out = resize(source, to_width, to_height);
        ASSERT_EQ(out.width(), to_width);
        ASSERT_EQ(out.height(), to_height);
        EXPECT_LE(test::largest_difference(out, reference(source, to_width, to_height)), 1)
            << width << "x" << height << " to " << to_width << "x" << to_height;
      }
    }
  }
}

TEST(Resize, KeepsFlatPicturesFlat) {
  for (const int value : {0, 1, 127, 254, 255}) {
    const auto level = static_cast<std::uint8_t>(value);
    for (const auto& [width, height] : {std::pair{1, 1}, {3, 1000}, {97, 31}, {640, 480}, {2000, 3}}) {
      for (const int side : {1, 7, 96, 224, 1000}) {
        const Image out = resize(flat(width, height, level, level, level), side, side);
        EXPECT_EQ(test::largest_difference(out, flat(side, side, level, level, level)), 0)
            << value << ", " << side;
      }
    }
  }
}

TEST(Resize, CopiesPicturesOfTheSameSize) {
  const Image picture = noise(37, 21);
  EXPECT_EQ(test::largest_difference(resize(picture, 37, 21), picture), 0);
}

TEST(Resize, TurnsAndMirrorsWithThePicture) {
  const Image picture = noise(90, 70);
  EXPECT_LE(test::largest_difference(resize(turned(picture, 2), 40, 30), turned(resize(picture, 40, 30), 2)),
            1);
  EXPECT_LE(test::largest_difference(resize(turned(picture, 6), 30, 40), turned(resize(picture, 40, 30), 6)),
            1);
}

// Longer than the whole-number weights reach.
TEST(Resize, TakesVeryLongPictures) {
  const Image wide = flat(70'000, 2, 10, 20, 30);
  EXPECT_EQ(test::largest_difference(resize(wide, 32, 2), flat(32, 2, 10, 20, 30)), 0);
  EXPECT_EQ(test::largest_difference(resize(wide, 32, 20), flat(32, 20, 10, 20, 30)), 0);
  const Image tall = flat(2, 70'000, 10, 20, 30);
  EXPECT_EQ(test::largest_difference(resize(tall, 2, 33), flat(2, 33, 10, 20, 30)), 0);
  EXPECT_EQ(test::largest_difference(resize(flat(2, 2, 10, 20, 30), 40'000, 3), flat(40'000, 3, 10, 20, 30)),
            0);
  Image steps(65'536, 1);
  for (int x = 0; x < 65'536; ++x)
    steps.row(0)[3 * x] = steps.row(0)[3 * x + 1] = steps.row(0)[3 * x + 2] = x < 32'768 ? 0 : 255;
  const Image halves = resize(steps, 2, 1);
  EXPECT_EQ(halves.row(0)[0], 0);
  EXPECT_EQ(halves.row(0)[3], 255);
}

TEST(Resize, RefusesNoSize) {
  const Image picture = noise(4, 4);
  EXPECT_THROW(static_cast<void>(resize(picture, 0, 4)), Error);
  EXPECT_THROW(static_cast<void>(resize(picture, 4, -1)), Error);
  EXPECT_THROW(static_cast<void>(resize(Image(), 4, 4)), Error);
}

}  // namespace
}  // namespace winnow::image
