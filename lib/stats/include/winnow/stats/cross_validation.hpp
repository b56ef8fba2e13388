// Predictions for samples by heads that have seen neither them nor their copies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "winnow/stats/matrix.hpp"

namespace winnow::stats {

struct CrossValidationOptions {
  std::size_t folds = 5;
  // Strengths of the L2 penalty to try, strong first: each fit starts where the one before ended. Not empty.
  std::vector<double> penalties = {3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4};
  std::uint64_t seed = 1;
  // A head is fitted on so many samples at most, drawn by the seed; it then predicts for all of its fold.
  std::size_t max_fit_samples = 20'000;
};

struct PenaltyStep {
  double l2;
  double nll;       // out of fold
  double accuracy;  // out of fold, against the labels given
};

struct CrossValidation {
  std::vector<PenaltyStep> steps;  // one for each penalty
  std::size_t best = 0;            // the step of the lowest NLL
  Matrix logits;                   // [n, classes], out of fold, with the best penalty
};

// The fold of each sample, in [0, folds): the groups of each class are dealt out in a shuffled order, like
// cards, so that every fold has its share of every class and no group is in two folds. labels, groups: [n].
[[nodiscard]] std::vector<std::size_t> deal_folds(std::span<const int> labels, std::span<const int> groups,
                                                  std::size_t folds, std::uint64_t seed);

// Grouped, stratified cross-validation of multinomial logistic regression. x: [n, features], n > 0; labels:
// [n] in [0, classes); groups: [n], samples of one group never vouch for each other. A sample whose group is
// all there is gets logits of zero. progress is called after each of folds * penalties fits, on the calling
// thread. Throws Error{kCancelled}.
[[nodiscard]] CrossValidation cross_validate(const Matrix& x, std::span<const int> labels,
                                             std::span<const int> groups, int classes,
                                             const CrossValidationOptions& options, unsigned threads,
                                             const std::stop_token& stop,
                                             const std::function<void()>& progress = {});

}  // namespace winnow::stats
