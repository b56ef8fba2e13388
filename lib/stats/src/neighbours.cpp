#include "winnow/stats/neighbours.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "dot.hpp"
#include "winnow/core/parallel.hpp"

namespace winnow::stats {

void normalise_rows(Matrix& matrix) {
  for (std::size_t i = 0; i < matrix.rows(); ++i) {
    const std::span<float> row = matrix.row(i);
    const float length = std::sqrt(dot(row.data(), row.data(), row.size()));
    if (length > 0) {
      for (float& value : row) value /= length;
    }
  }
}

std::vector<float> kth_similarity(const Matrix& queries, std::span<const int> query_groups,
                                  const Matrix& references, std::span<const int> reference_groups, int k,
                                  unsigned threads, const std::stop_token& stop) {
  std::vector<float> result(queries.rows(), -1);
  parallel_for(queries.rows(), threads, stop, [&](std::size_t i) {
    std::vector<float> cosines;
    cosines.reserve(references.rows());
    for (std::size_t j = 0; j < references.rows(); ++j) {
      if (reference_groups[j] == query_groups[i]) continue;
      cosines.push_back(dot(queries.row(i).data(), references.row(j).data(), references.columns()));
    }
    const auto kth = static_cast<std::size_t>(k);
    if (kth == 0 || cosines.size() < kth) return;
    const auto at = cosines.begin() + static_cast<std::ptrdiff_t>(kth - 1);
    std::nth_element(cosines.begin(), at, cosines.end(), std::greater<>());
    result[i] = *at;
  });
  return result;
}

float quantile(std::vector<float> samples, double fraction) {
  if (samples.empty()) return 0;
  std::sort(samples.begin(), samples.end());
  const double position = std::clamp(fraction, 0.0, 1.0) * static_cast<double>(samples.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, samples.size() - 1);
  const auto weight = static_cast<float>(position - static_cast<double>(below));
  return samples[below] * (1 - weight) + samples[above] * weight;
}

}  // namespace winnow::stats
