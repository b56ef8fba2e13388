#include "winnow/stats/outliers.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "dot.hpp"
#include "winnow/core/parallel.hpp"
#include "winnow/core/random.hpp"
#include "winnow/stats/neighbours.hpp"

namespace winnow::stats {
namespace {

std::vector<std::size_t> draw_references(std::size_t count, const OutlierOptions& options) {
  std::vector<std::size_t> rows(count);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  if (count <= options.max_references) return rows;
  CounterRandom random(options.seed, 2);
  for (std::size_t i = 0; i < options.max_references; ++i) {
    std::swap(rows[i], rows[i + random.below(count - i)]);
  }
  rows.resize(options.max_references);
  return rows;
}

float mean_distance(const Matrix& units, std::span<const int> groups, std::size_t sample,
                    std::span<const std::size_t> references, std::size_t neighbours) {
  std::vector<float> cosines;
  cosines.reserve(references.size());
  for (const std::size_t j : references) {
    if (groups[j] != groups[sample]) {
      cosines.push_back(dot(units.row(sample).data(), units.row(j).data(), units.columns()));
    }
  }
  const std::size_t count = std::min(neighbours, cosines.size());
  if (count == 0) return 0;
  const auto end = cosines.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(cosines.begin(), end, cosines.end(), std::greater<>());
  const double sum = std::accumulate(cosines.begin(), end, 0.0);
  return static_cast<float>(std::clamp(1 - sum / static_cast<double>(count), 0.0, 2.0));
}

}  // namespace

Outliers find_outliers(const Matrix& units, std::span<const int> groups, const OutlierOptions& options,
                       unsigned threads, const std::stop_token& stop) {
  Outliers result;
  result.distances.resize(units.rows());
  const std::vector<std::size_t> references = draw_references(units.rows(), options);
  const auto neighbours = static_cast<std::size_t>(std::max(options.neighbours, 1));
  parallel_for(units.rows(), threads, stop, [&](std::size_t i) {
    result.distances[i] = mean_distance(units, groups, i, references, neighbours);
  });

  const float low = quantile(result.distances, 0.25);
  const float median = quantile(result.distances, 0.5);
  const float high = quantile(result.distances, 0.75);
  result.threshold = high + static_cast<float>(options.spread) * (high - low);
  result.scores.reserve(units.rows());
  for (std::size_t i = 0; i < units.rows(); ++i) {
    result.scores.push_back(median > 0 ? std::exp(-result.distances[i] / median) : 1.0F);
    // Where all distances are equal but for rounding, nothing is far.
    if (result.distances[i] > result.threshold + 1e-5F) result.samples.push_back(i);
  }
  std::stable_sort(result.samples.begin(), result.samples.end(),
                   [&](std::size_t a, std::size_t b) { return result.distances[a] > result.distances[b]; });
  return result;
}

}  // namespace winnow::stats
