// What lies far from everything else, by the distance to its nearest neighbours. The rule for "far" is that
// of Tukey's box plot with the width that cleanlab found to suit embeddings (1.7 instead of 1.5).
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "winnow/stats/matrix.hpp"

namespace winnow::stats {

struct OutlierOptions {
  int neighbours = 10;
  double spread = 1.7;  // interquartile ranges above the third quartile
  // Above it, neighbours are looked for among so many samples, drawn by the seed: among all, time would grow
  // with the square of the samples. Distances grow with it alike for all, so the rule stays the same.
  std::size_t max_references = 10'000;
  std::uint64_t seed = 1;
};

struct Outliers {
  std::vector<float> distances;      // [n]: mean cosine distance to the nearest neighbours, in [0, 2]
  std::vector<float> scores;         // [n]: exp(-distance / median distance), in (0, 1], low is far
  float threshold = 0;               // the distance beyond which a sample is an outlier
  std::vector<std::size_t> samples;  // the outliers, farthest first
};

// units: [n, width], rows of length 1; groups: [n], a sample's own group does not count as its neighbour. A
// sample with fewer neighbours than wanted takes those there are; without any its distance is 0.
// Throws Error{kCancelled}.
[[nodiscard]] Outliers find_outliers(const Matrix& units, std::span<const int> groups,
                                     const OutlierOptions& options, unsigned threads,
                                     const std::stop_token& stop);

}  // namespace winnow::stats
