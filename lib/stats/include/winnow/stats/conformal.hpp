// Sets of classes that hold the true one as often as promised.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "winnow/stats/matrix.hpp"

namespace winnow::stats {

// Split conformal prediction with the least ambiguous sets (Sadinle et al. 2019, arXiv:1609.00451;
// Angelopoulos and Bates 2021, arXiv:2107.07511). Returns the probability that a class needs to belong to a
// picture's set, so that the sets of new pictures like these hold the true class with a probability of at
// least `coverage`. probabilities: [n, classes] of samples that the weights were not fitted on, labels: [n]
// in [0, classes), coverage in (0, 1). Nothing if n is too small to promise that: fewer than coverage / (1 -
// coverage).
[[nodiscard]] std::optional<float> conformal_threshold(const Matrix& probabilities,
                                                       std::span<const int> labels, double coverage);

struct SetCounts {
  std::size_t covered = 0;  // sets that hold the true class
  std::size_t classes = 0;  // in all sets together
};

// The sets of all samples whose probability reaches the threshold.
[[nodiscard]] SetCounts count_sets(const Matrix& probabilities, std::span<const int> labels, float threshold);

}  // namespace winnow::stats
