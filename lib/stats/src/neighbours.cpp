#include "winnow/stats/neighbours.hpp"

#include <algorithm>
#include <cmath>

#include "dot.hpp"
#include "nearest.hpp"

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
  if (k < 1) return result;
  const auto grouped = [](const Matrix& matrix, std::span<const int> groups) {
    GroupedRows rows{.rows = {}, .groups = {groups.begin(), groups.end()}};
    for (std::size_t i = 0; i < matrix.rows(); ++i) rows.rows.push_back(matrix.row(i).data());
    return rows;
  };
  const Matrix nearest = find_nearest(grouped(queries, query_groups), grouped(references, reference_groups),
                                      references.columns(), static_cast<std::size_t>(k), threads, stop);
  for (std::size_t i = 0; i < queries.rows(); ++i) result[i] = std::max(-1.0F, nearest.row(i).back());
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
