#include "winnow/stats/conformal.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace winnow::stats {

std::optional<float> conformal_threshold(const Matrix& probabilities, std::span<const int> labels,
                                         double coverage) {
  const std::size_t n = labels.size();
  // 0.9 * 10 is a little more than 9 in binary; a whole rank must not become the next one.
  const auto rank = static_cast<std::size_t>(std::ceil(static_cast<double>(n + 1) * coverage - 1e-9));
  if (rank > n) return std::nullopt;
  std::vector<float> of_truth;
  of_truth.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    of_truth.push_back(probabilities.row(i)[static_cast<std::size_t>(labels[i])]);
  }
  const auto nth = of_truth.begin() + static_cast<std::ptrdiff_t>(rank - 1);
  std::nth_element(of_truth.begin(), nth, of_truth.end(), std::greater<>());
  return *nth;
}

SetCounts count_sets(const Matrix& probabilities, std::span<const int> labels, float threshold) {
  SetCounts counts;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::span<const float> row = probabilities.row(i);
    if (row[static_cast<std::size_t>(labels[i])] >= threshold) ++counts.covered;
    counts.classes += static_cast<std::size_t>(
        std::count_if(row.begin(), row.end(), [&](float probability) { return probability >= threshold; }));
  }
  return counts;
}

}  // namespace winnow::stats
