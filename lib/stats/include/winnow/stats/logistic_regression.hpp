#pragma once

#include <span>
#include <stop_token>
#include <vector>

#include "winnow/stats/matrix.hpp"

namespace winnow::stats {

struct LinearModel {
  Matrix weights;           // [classes, features]
  std::vector<float> bias;  // [classes]
};

struct LogisticOptions {
  double l2 = 1e-3;  // weight of half the squared norm of the weights; the bias is free
  int max_iterations = 200;
  double tolerance = 1e-5;  // stop when no component of the gradient is larger
};

// Multinomial logistic regression: minimises the mean cross-entropy plus the L2 penalty with L-BFGS (Liu and
// Nocedal 1989, history 10), starting from `start` or from zero. x: [n, features], y: [n] in [0, classes),
// n > 0. The same input gives the same result for the same number of threads.
[[nodiscard]] LinearModel fit_logistic(const Matrix& x, std::span<const int> y, int classes,
                                       const LogisticOptions& options, unsigned threads,
                                       const std::stop_token& stop, const LinearModel* start = nullptr);

// [n, classes].
[[nodiscard]] Matrix predict_logits(const LinearModel& model, const Matrix& x);

}  // namespace winnow::stats
