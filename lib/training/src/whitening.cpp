#include "whitening.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>

#include "random_purpose.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/random.hpp"

namespace winnow::training {
namespace {

constexpr std::size_t kPatch = 12;  // values: [3, 2, 2], as a convolution's weights lie
constexpr std::size_t kMaxPictures = 5000;
constexpr std::size_t kMaxPatches = 5'000'000;
constexpr double kLeastVariance = 5e-4;  // keeps what hardly varies from being blown up

using Patch = std::array<std::int64_t, kPatch>;
using Matrix = std::array<std::array<double, kPatch>, kPatch>;

// Sums over patches in whole numbers, so that their order cannot matter.
struct Moments {
  std::int64_t patches = 0;
  Patch sums{};
  std::array<Patch, kPatch> products{};

  void add(const Patch& patch) {
    ++patches;
    for (std::size_t i = 0; i < kPatch; ++i) {
      sums[i] += patch[i];
      for (std::size_t j = 0; j <= i; ++j) products[i][j] += patch[i] * patch[j];
    }
  }
};

void add_patches(std::span<const std::uint8_t> picture, std::size_t side, Moments& moments) {
  for (std::size_t y = 0; y + 1 < side; ++y) {
    for (std::size_t x = 0; x + 1 < side; ++x) {
      Patch patch;
      for (std::size_t i = 0; i < kPatch; ++i) {
        const std::size_t row = y + i / 2 % 2;
        const std::size_t column = x + i % 2;
        patch[i] = picture[(row * side + column) * 3 + i / 4];
      }
      moments.add(patch);
    }
  }
}

// Mean products of normalised values; no mean is taken off.
Matrix second_moments(const Moments& moments, const image::Preprocessing& preprocessing) {
  const auto count = static_cast<double>(moments.patches);
  Matrix matrix;
  for (std::size_t i = 0; i < kPatch; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      const double product = static_cast<double>(moments.products[i][j]) / count;
      const double mean_i = preprocessing.mean[i / 4];  // four values of each colour
      const double mean_j = preprocessing.mean[j / 4];
      const double sums =
          (mean_j * static_cast<double>(moments.sums[i]) + mean_i * static_cast<double>(moments.sums[j])) /
          count;
      matrix[i][j] = matrix[j][i] =
          (product - sums + mean_i * mean_j) / (preprocessing.scale[i / 4] * preprocessing.scale[j / 4]);
    }
  }
  return matrix;
}

void rotate(double& a, double& b, double cosine, double sine) {
  const double old = a;
  a = cosine * old - sine * b;
  b = sine * old + cosine * b;
}

// Jacobi's method: leaves the eigenvalues on the diagonal of matrix. Returns the eigenvectors as rows.
Matrix diagonalize(Matrix& matrix) {
  constexpr int kMaxSweeps = 50;
  Matrix vectors{};
  for (std::size_t i = 0; i < kPatch; ++i) vectors[i][i] = 1;
  for (int sweep = 0; sweep < kMaxSweeps; ++sweep) {
    double rest = 0;
    for (std::size_t p = 0; p < kPatch; ++p) {
      for (std::size_t q = p + 1; q < kPatch; ++q) {
        rest += std::abs(matrix[p][q]);
        if (matrix[p][q] == 0) continue;
        const double gap = matrix[q][q] - matrix[p][p];
        const double sign = gap < 0 ? -1 : 1;  // of the two angles the one within 45 degrees converges
        const double angle = 0.5 * std::atan2(sign * 2 * matrix[p][q], sign * gap);
        const double cosine = std::cos(angle);
        const double sine = std::sin(angle);
        for (std::size_t k = 0; k < kPatch; ++k) rotate(matrix[p][k], matrix[q][k], cosine, sine);
        for (std::size_t k = 0; k < kPatch; ++k) rotate(matrix[k][p], matrix[k][q], cosine, sine);
        for (std::size_t k = 0; k < kPatch; ++k) rotate(vectors[p][k], vectors[q][k], cosine, sine);
      }
    }
    if (rest < 1e-14) break;
  }
  return vectors;
}

}  // namespace

std::vector<float> whitening_filters(const PictureStore& pictures, const image::Preprocessing& preprocessing,
                                     std::uint64_t seed) {
  if (pictures.count() == 0 || pictures.side() < 2) {
    throw Error(ErrorKind::kInvalid, "training pictures", "there are none to take patches from");
  }
  const auto side = static_cast<std::size_t>(pictures.side());
  std::vector<std::pair<std::uint64_t, std::size_t>> drawn(pictures.count());
  for (std::size_t i = 0; i < drawn.size(); ++i)
    drawn[i] = {CounterRandom(seed, kWhiteningDraws, i).next(), i};
  std::sort(drawn.begin(), drawn.end());
  const std::size_t most = std::max<std::size_t>(1, kMaxPatches / ((side - 1) * (side - 1)));
  drawn.resize(std::min({drawn.size(), kMaxPictures, most}));
  Moments moments;
  for (const auto& [unused, index] : drawn) add_patches(pictures.picture(index), side, moments);

  Matrix matrix = second_moments(moments, preprocessing);
  const Matrix vectors = diagonalize(matrix);
  std::array<std::size_t, kPatch> order;
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return matrix[a][a] > matrix[b][b]; });
  std::vector<float> filters;
  for (const double sign : {1.0, -1.0}) {
    for (const std::size_t i : order) {
      const double factor = sign / std::sqrt(std::max(0.0, matrix[i][i]) + kLeastVariance);
      for (const double value : vectors[i]) filters.push_back(static_cast<float>(factor * value));
    }
  }
  return filters;
}

}  // namespace winnow::training
