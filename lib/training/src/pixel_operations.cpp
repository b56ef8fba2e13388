#include "pixel_operations.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <numbers>
#include <utility>
#include <vector>

namespace winnow::training {
namespace {

using Table = std::array<std::uint8_t, 256>;
using Histogram = std::array<int, 256>;

constexpr int kOne = 256;  // factors and bilinear weights are whole numbers of 1 / kOne

std::uint8_t to_byte(int value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0, 255));
}

std::size_t row_bytes(SquarePicture picture) {
  return std::size_t{3} * static_cast<std::size_t>(picture.size);
}

int to_fixed(double factor) {
  return static_cast<int>(std::lround(factor * kOne));
}

int blend(int base, int value, int factor) {
  return (base * (kOne - factor) + value * factor + kOne / 2) >> 8;
}

// As in ITU-R BT.601.
int grey_of(const std::uint8_t* pixel) {
  return (19595 * pixel[0] + 38470 * pixel[1] + 7471 * pixel[2] + 32768) >> 16;
}

// Of every step-th pixel.
int mean_grey(SquarePicture picture, std::size_t step) {
  int sum = 0;
  int count = 0;
  for (std::size_t i = 0; i < picture.pixels.size(); i += 3 * step, ++count) {
    sum += grey_of(picture.pixels.data() + i);
  }
  return (sum + count / 2) / count;
}

void look_up(SquarePicture picture, const Table& table) {
  for (std::uint8_t& value : picture.pixels) value = table[value];
}

template <class MakeTable>
void look_up_each_channel(SquarePicture picture, const MakeTable& make_table) {
  std::array<Histogram, 3> histograms{};
  for (std::size_t i = 0; i < picture.pixels.size(); i += 3) {
    for (std::size_t c = 0; c < 3; ++c) ++histograms[c][picture.pixels[i + c]];
  }
  const std::array<Table, 3> tables{make_table(histograms[0]), make_table(histograms[1]),
                                    make_table(histograms[2])};
  for (std::size_t i = 0; i < picture.pixels.size(); i += 3) {
    for (std::size_t c = 0; c < 3; ++c) picture.pixels[i + c] = tables[c][picture.pixels[i + c]];
  }
}

Table stretched(const Histogram& histogram) {
  const auto used = [](int count) { return count > 0; };
  const auto first = std::find_if(histogram.begin(), histogram.end(), used);
  const auto last = std::find_if(histogram.rbegin(), histogram.rend(), used);
  const int low = static_cast<int>(first - histogram.begin());
  const int high = 255 - static_cast<int>(last - histogram.rbegin());
  Table table;
  for (int v = 0; v < 256; ++v) {
    table[static_cast<std::size_t>(v)] = low < high ? to_byte((v - low) * 255 / (high - low)) : to_byte(v);
  }
  return table;
}

Table flattened(const Histogram& histogram) {
  int total = 0;
  int last = 0;
  for (const int count : histogram) {
    total += count;
    if (count > 0) last = count;
  }
  const int step = (total - last) / 255;
  int below = step / 2;
  Table table;
  for (int v = 0; v < 256; ++v) {
    const auto at = static_cast<std::size_t>(v);
    table[at] = step > 0 ? to_byte(below / step) : to_byte(v);
    below += histogram[at];
  }
  return table;
}

// The four pixels around a place, those outside filled.
void sample_at_edge(const std::vector<std::uint8_t>& source, int size, int x, int y, int right, int down,
                    std::uint8_t* out) {
  for (int c = 0; c < 3; ++c) {
    const auto value = [&](int column, int row) -> int {
      if (column < 0 || column >= size || row < 0 || row >= size) return kFill;
      return source[static_cast<std::size_t>((row * size + column) * 3 + c)];
    };
    const int top = value(x, y) * (kOne - right) + value(x + 1, y) * right;
    const int bottom = value(x, y + 1) * (kOne - right) + value(x + 1, y + 1) * right;
    out[c] = static_cast<std::uint8_t>((top * (kOne - down) + bottom * down + kOne * kOne / 2) >> 16);
  }
}

}  // namespace

void mirror(SquarePicture picture) {
  for (std::size_t y = 0; y < static_cast<std::size_t>(picture.size); ++y) {
    std::uint8_t* left = picture.pixels.data() + y * row_bytes(picture);
    std::uint8_t* right = left + row_bytes(picture) - 3;
    for (; left < right; left += 3, right -= 3) {
      for (int c = 0; c < 3; ++c) std::swap(left[c], right[c]);
    }
  }
}

void warp(SquarePicture picture, const AffineMap& map) {
  constexpr int kFraction = 16;
  constexpr double kUnit = 1 << kFraction;
  const int size = picture.size;
  const auto inner = static_cast<unsigned>(size - 1);  // from here on a place has no neighbour
  const std::size_t stride = row_bytes(picture);
  const std::vector<std::uint8_t> source(picture.pixels.begin(), picture.pixels.end());
  const auto step_x = static_cast<int>(std::lround(map.xx * kUnit));
  const auto step_y = static_cast<int>(std::lround(map.yx * kUnit));
  std::uint8_t* out = picture.pixels.data();
  for (int y = 0; y < size; ++y) {
    auto at_x = static_cast<int>(std::lround((map.xy * y + map.x0) * kUnit));
    auto at_y = static_cast<int>(std::lround((map.yy * y + map.y0) * kUnit));
    for (int x = 0; x < size; ++x, out += 3, at_x += step_x, at_y += step_y) {
      const int column = at_x >> kFraction;
      const int row = at_y >> kFraction;
      const int right = (at_x >> (kFraction - 8)) & (kOne - 1);
      const int down = (at_y >> (kFraction - 8)) & (kOne - 1);
      if (static_cast<unsigned>(column) >= inner || static_cast<unsigned>(row) >= inner) {
        sample_at_edge(source, size, column, row, right, down, out);
        continue;
      }
      const std::uint8_t* pixel =
          source.data() + static_cast<std::size_t>(row) * stride + static_cast<std::size_t>(column) * 3;
      const std::uint8_t* below = pixel + stride;
      for (int c = 0; c < 3; ++c) {
        const int top = pixel[c] * (kOne - right) + pixel[c + 3] * right;
        const int bottom = below[c] * (kOne - right) + below[c + 3] * right;
        out[c] = static_cast<std::uint8_t>((top * (kOne - down) + bottom * down + kOne * kOne / 2) >> 16);
      }
    }
  }
}

AffineMap shear_x_map(double slope) {
  return {.xy = slope};
}

AffineMap shear_y_map(double slope) {
  return {.yx = slope};
}

AffineMap rotation_map(double degrees, int size) {
  const double angle = degrees * std::numbers::pi / 180;
  const double cosine = std::cos(angle);
  const double sine = std::sin(angle);
  const double centre = (size - 1) / 2.0;
  return {.xx = cosine,
          .xy = sine,
          .x0 = centre * (1 - cosine - sine),
          .yx = -sine,
          .yy = cosine,
          .y0 = centre * (1 - cosine + sine)};
}

void translate(SquarePicture picture, int right, int down) {
  const int size = picture.size;
  const std::vector<std::uint8_t> source(picture.pixels.begin(), picture.pixels.end());
  std::fill(picture.pixels.begin(), picture.pixels.end(), kFill);
  const int columns = size - std::abs(right);
  if (columns <= 0) return;
  for (int y = std::max(0, down); y < std::min(size, size + down); ++y) {
    const std::size_t to = static_cast<std::size_t>(y * size + std::max(0, right)) * 3;
    const std::size_t from = static_cast<std::size_t>((y - down) * size + std::max(0, -right)) * 3;
    std::memcpy(picture.pixels.data() + to, source.data() + from, static_cast<std::size_t>(columns) * 3);
  }
}

void adjust_brightness(SquarePicture picture, double factor) {
  Table table;
  for (int v = 0; v < 256; ++v) table[static_cast<std::size_t>(v)] = to_byte(blend(0, v, to_fixed(factor)));
  look_up(picture, table);
}

void adjust_colour(SquarePicture picture, double factor) {
  const int fixed = to_fixed(factor);
  for (std::size_t i = 0; i < picture.pixels.size(); i += 3) {
    std::uint8_t* pixel = picture.pixels.data() + i;
    const int grey = grey_of(pixel);
    for (int c = 0; c < 3; ++c) pixel[c] = to_byte(blend(grey, pixel[c], fixed));
  }
}

void adjust_contrast(SquarePicture picture, double factor) {
  const int mean = mean_grey(picture, 1);
  Table table;
  for (int v = 0; v < 256; ++v) {
    table[static_cast<std::size_t>(v)] = to_byte(blend(mean, v, to_fixed(factor)));
  }
  look_up(picture, table);
}

void adjust_colours(SquarePicture picture, const ColourFactors& factors) {
  constexpr int kBits = 12;
  const auto fixed = [](double factor) { return static_cast<int>(std::lround(factor * (1 << kBits))); };
  const double both = factors.brightness * factors.contrast;
  const double base = factors.brightness * (1 - factors.contrast) * mean_grey(picture, 8);
  const int own = fixed(both * factors.saturation);
  const int grey = fixed(both * (1 - factors.saturation));
  const int constant = fixed(base + 0.5);
  for (std::size_t i = 0; i < picture.pixels.size(); i += 3) {
    std::uint8_t* pixel = picture.pixels.data() + i;
    const int shared = grey * grey_of(pixel) + constant;
    for (int c = 0; c < 3; ++c) pixel[c] = to_byte((own * pixel[c] + shared) >> kBits);
  }
}

void adjust_sharpness(SquarePicture picture, double factor) {
  const int fixed = to_fixed(factor);
  const std::size_t stride = row_bytes(picture);
  const std::vector<std::uint8_t> source(picture.pixels.begin(), picture.pixels.end());
  std::vector<int> sums(stride);
  for (std::size_t y = 1; y + 1 < static_cast<std::size_t>(picture.size); ++y) {
    const std::uint8_t* row = source.data() + y * stride;
    for (std::size_t i = 0; i < stride; ++i) sums[i] = row[i - stride] + row[i] + row[i + stride];
    std::uint8_t* out = picture.pixels.data() + y * stride;
    for (std::size_t i = 3; i + 3 < stride; ++i) {
      const int smooth = (sums[i - 3] + sums[i] + sums[i + 3] + 4 * row[i] + 6) / 13;
      out[i] = to_byte(blend(smooth, row[i], fixed));
    }
  }
}

void posterize(SquarePicture picture, int bits) {
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - bits));
  for (std::uint8_t& value : picture.pixels) value &= mask;
}

void solarize(SquarePicture picture, int threshold) {
  for (std::uint8_t& value : picture.pixels) {
    value = value >= threshold ? static_cast<std::uint8_t>(255 - value) : value;
  }
}

void auto_contrast(SquarePicture picture) {
  look_up_each_channel(picture, stretched);
}

void equalize(SquarePicture picture) {
  look_up_each_channel(picture, flattened);
}

void apply_trivial_operation(SquarePicture picture, TrivialOperation operation, int strength, bool negative) {
  const double share = static_cast<double>(strength) / (kTrivialStrengths - 1);
  const double sign = negative ? -1 : 1;
  const double slope = sign * 0.99 * share;
  const auto shift = static_cast<int>(std::lround(sign * share * picture.size * 32 / 224));
  switch (operation) {
    case TrivialOperation::kIdentity:
      return;
    case TrivialOperation::kShearX:
      return warp(picture, shear_x_map(slope));
    case TrivialOperation::kShearY:
      return warp(picture, shear_y_map(slope));
    case TrivialOperation::kTranslateX:
      return translate(picture, shift, 0);
    case TrivialOperation::kTranslateY:
      return translate(picture, 0, shift);
    case TrivialOperation::kRotate:
      return warp(picture, rotation_map(sign * 135 * share, picture.size));
    case TrivialOperation::kBrightness:
      return adjust_brightness(picture, 1 + slope);
    case TrivialOperation::kColour:
      return adjust_colour(picture, 1 + slope);
    case TrivialOperation::kContrast:
      return adjust_contrast(picture, 1 + slope);
    case TrivialOperation::kSharpness:
      return adjust_sharpness(picture, 1 + slope);
    case TrivialOperation::kPosterize:
      return posterize(picture, 8 - static_cast<int>(std::lround(6 * share)));
    case TrivialOperation::kSolarize:
      return solarize(picture, static_cast<int>(std::lround(255 * (1 - share))));
    case TrivialOperation::kAutoContrast:
      return auto_contrast(picture);
    case TrivialOperation::kEqualize:
      return equalize(picture);
  }
}

}  // namespace winnow::training
