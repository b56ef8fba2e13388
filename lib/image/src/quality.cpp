#include "winnow/image/quality.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "winnow/image/preprocess.hpp"

namespace winnow::image {
namespace {

constexpr int kReducedSide = 256;
constexpr int kBlurSide = 64;
constexpr int kGreyTolerance = 2;

// Perceived brightness (HSP model, as CleanVision has it): sqrt(0.241 r^2 + 0.691 g^2 + 0.068 b^2), rounded.
// Looked up, for the root would take most of the time.
class Brightness {
 public:
  Brightness() : roots_(kLargest + 1) {
    std::size_t root = 0;
    for (std::size_t square = 0; square <= kLargest; ++square) {
      if (square >= (2 * root + 1) * (2 * root + 1)) ++root;  // from root + 1/2 on
      roots_[square] = static_cast<std::uint8_t>(root);
    }
  }
  [[nodiscard]] std::uint8_t of(const std::uint8_t* pixel) const {
    const std::uint32_t r = pixel[0];
    const std::uint32_t g = pixel[1];
    const std::uint32_t b = pixel[2];
    return roots_[(241 * r * r + 691 * g * g + 68 * b * b) / 250];
  }

 private:
  static constexpr std::size_t kLargest = std::size_t{4} * 255 * 255;
  std::vector<std::uint8_t> roots_;  // of a quarter of the index, rounded
};

// The value that this share of the samples does not exceed.
double percentile(const std::array<std::uint32_t, 256>& histogram, double share) {
  const std::uint64_t total = std::accumulate(histogram.begin(), histogram.end(), std::uint64_t{0});
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total)));
  std::uint64_t seen = 0;
  for (std::size_t value = 0; value < histogram.size(); ++value) {
    seen += histogram[value];
    if (seen >= wanted && seen > 0) return static_cast<double>(value);
  }
  return 255;
}

double standard_deviation(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / count);
}

struct Grey {
  int width;
  int height;
  std::vector<int> values;
  [[nodiscard]] int at(int x, int y) const { return values[static_cast<std::size_t>(y * width + x)]; }
};

Grey to_grey(const Image& image) {
  Grey grey{image.width(), image.height(), {}};
  const std::span<const std::uint8_t> pixels = image.pixels();
  for (std::size_t i = 0; i < pixels.size(); i += 3) {
    grey.values.push_back((299 * pixels[i] + 587 * pixels[i + 1] + 114 * pixels[i + 2] + 500) /
                          1000);  // Rec. 601
  }
  return grey;
}

// Each pixel's difference to its eight neighbours; the outermost row of pixels stays as it is.
std::vector<double> find_edges(const Grey& grey) {
  std::vector<double> edges(grey.values.begin(), grey.values.end());
  for (int y = 1; y + 1 < grey.height; ++y) {
    for (int x = 1; x + 1 < grey.width; ++x) {
      int sum = 9 * grey.at(x, y);
      for (int dy = -1; dy <= 1; ++dy) {
        for (int dx = -1; dx <= 1; ++dx) sum -= grey.at(x + dx, y + dy);
      }
      edges[static_cast<std::size_t>(y * grey.width + x)] = std::clamp(sum, 0, 255);
    }
  }
  return edges;
}

// Edges vary in a sharp picture. A picture whose grey values are unevenly spread, a drawing on white for
// example, may be sharp without.
double sharpness(const Image& image) {
  const Grey grey = to_grey(shrink_to_fit(image, kBlurSide));
  std::vector<double> histogram(256);
  for (const int value : grey.values) ++histogram[static_cast<std::size_t>(value)];
  const double edges = 1 - std::exp(-0.01 * standard_deviation(find_edges(grey)));
  const double spread = 1 - std::exp(-0.01 * standard_deviation(histogram));
  return std::min(1.0, edges + (spread > 0.18 ? spread : 0));
}

// Shannon entropy of all colour values together, in bits.
double entropy(const std::array<std::uint32_t, 768>& histogram, std::size_t total) {
  double bits = 0;
  for (const std::uint32_t count : histogram) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(total);
    bits -= share * std::log2(share);
  }
  return bits;
}

}  // namespace

Quality measure_quality(const Image& image) {
  const Image reduced = shrink_to_fit(image, kReducedSide);
  const std::span<const std::uint8_t> pixels = reduced.pixels();
  static const Brightness brightness;
  std::array<std::uint32_t, 256> bright{};
  std::array<std::uint32_t, 768> colours{};
  bool grey = true;
  for (std::size_t i = 0; i < pixels.size(); i += 3) {
    const std::uint8_t* pixel = pixels.data() + i;
    ++bright[brightness.of(pixel)];
    for (std::size_t c = 0; c < 3; ++c) ++colours[c * 256 + pixel[c]];
    if (!grey) continue;
    const auto [low, high] = std::minmax({pixel[0], pixel[1], pixel[2]});
    grey = high - low <= kGreyTolerance;
  }
  Quality quality;
  quality.dark = static_cast<float>(percentile(bright, 0.99) / 255);
  quality.light = static_cast<float>(1 - percentile(bright, 0.05) / 255);
  const double aspect = static_cast<double>(image.width()) / image.height();
  quality.odd_aspect_ratio = static_cast<float>(std::min(aspect, 1 / aspect));
  quality.low_information = static_cast<float>(std::min(1.0, 0.1 * entropy(colours, pixels.size())));
  quality.blurry = static_cast<float>(sharpness(reduced));
  quality.grey = grey;
  return quality;
}

}  // namespace winnow::image
