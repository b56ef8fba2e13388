#include "winnow/image/perceptual_hash.hpp"

#include <algorithm>
#include <array>
#include <opencv2/core.hpp>

#include "mat.hpp"
#include "resample.hpp"

namespace winnow::image {
namespace {

constexpr int kGreySide = 32;
constexpr int kHashSide = 8;
constexpr std::size_t kBits = std::size_t{kHashSide} * kHashSide;

// Row by row; the column is the horizontal frequency.
using Coefficients = std::array<float, kBits>;

Coefficients lowest_frequencies(const Image& image) {
  // Made small before it is made grey, which is the same up to rounding and much less work.
  std::array<std::uint8_t, std::size_t{3} * kGreySide * kGreySide> small{};
  resample(crop(image, 0, 0, image.width(), image.height()), small.data(), kGreySide, kGreySide);
  cv::Mat grey(kGreySide, kGreySide, CV_32F);
  const std::uint8_t* pixel = small.data();
  for (float* out = grey.ptr<float>(); out != grey.ptr<float>(kGreySide); pixel += 3) {
    *out++ = 0.299F * pixel[0] + 0.587F * pixel[1] + 0.114F * pixel[2];  // Rec. 601
  }
  cv::Mat frequencies;
  cv::dct(grey, frequencies);

  Coefficients lowest{};
  for (int y = 0; y < kHashSide; ++y) {
    for (int x = 0; x < kHashSide; ++x) {
      // Rounding errors of a flat picture are not a pattern: grey levels are whole numbers, and what they can
      // mean lies far above this.
      constexpr float kNoise = 1.0F / 64;
      const float value = frequencies.at<float>(y, x);
      lowest[static_cast<std::size_t>(y * kHashSide + x)] = std::abs(value) < kNoise ? 0 : value;
    }
  }
  return lowest;
}

std::uint64_t bits_above_median(const Coefficients& coefficients) {
  Coefficients sorted = coefficients;
  const auto middle = sorted.begin() + kBits / 2;
  std::nth_element(sorted.begin(), middle, sorted.end());
  const float median = (*middle + *std::max_element(sorted.begin(), middle)) / 2;
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < kBits; ++i) bits |= std::uint64_t{coefficients[i] > median} << i;
  return bits;
}

// Flipping left to right turns the sign of cosines with an odd number of half waves.
Coefficients mirror(Coefficients coefficients) {
  for (std::size_t i = 1; i < kBits; i += 2) coefficients[i] = -coefficients[i];
  return coefficients;
}

}  // namespace

PerceptualHash perceptual_hash(const Image& image) {
  const Coefficients coefficients = translate_opencv([&] { return lowest_frequencies(image); });
  return {bits_above_median(coefficients), bits_above_median(mirror(coefficients))};
}

}  // namespace winnow::image
