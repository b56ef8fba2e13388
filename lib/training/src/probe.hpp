#pragma once

#include <span>
#include <vector>

#include "winnow/stats/cross_validation.hpp"
#include "winnow/stats/logistic_regression.hpp"
#include "winnow/training/train.hpp"

namespace winnow::training {

struct ProbeResult {
  stats::LinearModel head;
  std::vector<stats::PenaltyStep> steps;  // one for each strength of the penalty tried
  double l2 = 0;                          // the one chosen
  // Predictions for training pictures by heads that had seen neither them nor their copies.
  std::vector<std::size_t> held_out;  // rows of x
  stats::Matrix held_out_logits;      // [held_out, classes]
};

// Logistic regression on embeddings x: [n, width] with labels and groups of copies [n]. The strength of the
// penalty is chosen by five-fold cross-validation on negative log likelihood; groups stay on one side.
[[nodiscard]] ProbeResult fit_probe(const stats::Matrix& x, std::span<const int> labels,
                                    std::span<const int> groups, int classes, std::uint64_t seed,
                                    const Context& context);

}  // namespace winnow::training
