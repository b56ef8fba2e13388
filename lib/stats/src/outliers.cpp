#include "winnow/stats/outliers.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nearest.hpp"
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

float mean_distance(std::span<const float> nearest) {
  const auto end = std::find(nearest.begin(), nearest.end(), kNoNeighbour);
  if (end == nearest.begin()) return 0;
  const double sum = std::accumulate(nearest.begin(), end, 0.0);
  return static_cast<float>(std::clamp(1 - sum / static_cast<double>(end - nearest.begin()), 0.0, 2.0));
}

}  // namespace

Outliers find_outliers(const Matrix& units, std::span<const int> groups, const OutlierOptions& options,
                       unsigned threads, const std::stop_token& stop) {
  const auto pick = [&](std::span<const std::size_t> rows) {
    GroupedRows picked;
    for (const std::size_t row : rows) {
      picked.rows.push_back(units.row(row).data());
      picked.groups.push_back(groups[row]);
    }
    return picked;
  };
  std::vector<std::size_t> all(units.rows());
  std::iota(all.begin(), all.end(), std::size_t{0});
  const Matrix nearest =
      find_nearest(pick(all), pick(draw_references(units.rows(), options)), units.columns(),
                   static_cast<std::size_t>(std::max(options.neighbours, 1)), threads, stop);
  Outliers result;
  for (std::size_t i = 0; i < units.rows(); ++i) result.distances.push_back(mean_distance(nearest.row(i)));

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
