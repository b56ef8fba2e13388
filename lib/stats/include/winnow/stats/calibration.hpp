// How far stated confidence can be believed.
#pragma once

#include <span>
#include <vector>

#include "winnow/stats/matrix.hpp"

namespace winnow::stats {

// Row-wise softmax(logits / temperature). logits: [n, classes].
[[nodiscard]] Matrix softmax(const Matrix& logits, double temperature = 1);

// The class of the largest value in each row; the lower one of equals.
[[nodiscard]] std::vector<int> argmax(const Matrix& scores);

// Mean negative log likelihood of softmax(logits / temperature). labels: [n] in [0, classes), n > 0.
[[nodiscard]] double negative_log_likelihood(const Matrix& logits, std::span<const int> labels,
                                             double temperature = 1);

// Fits one temperature so that softmax(logits / T) is calibrated. logits must be of samples that the weights
// were not fitted on. One sample of uncertain label is added to the n given: without it, a set without a
// mistake would ask for full certainty (the smoothing of Platt 1999, "Probabilistic Outputs for Support
// Vector Machines"). Searches T in [e^-3, e^3]; n == 0 gives 1.
// Guo et al. 2017, "On Calibration of Modern Neural Networks", arXiv:1706.04599.
[[nodiscard]] double fit_temperature(const Matrix& logits, std::span<const int> labels);

// Fits one temperature so that softmax(logits / T) comes nearest to these probabilities, by cross-entropy.
// Both [n, classes]. Searches T in [e^-3, e^3]; n == 0 gives 1.
[[nodiscard]] double match_temperature(const Matrix& logits, const Matrix& probabilities);

// Samples whose largest probability falls into (low, high].
struct ReliabilityBin {
  double low;
  double high;
  std::size_t count = 0;
  double confidence = 0;  // mean largest probability
  double accuracy = 0;
};

// Equal-width bins of the largest probability, from 0 to 1.
[[nodiscard]] std::vector<ReliabilityBin> reliability(const Matrix& probabilities,
                                                      std::span<const int> labels, int bins = 15);

// Mean gap between confidence and accuracy over the bins, weighted by their counts.
[[nodiscard]] double expected_calibration_error(std::span<const ReliabilityBin> bins);

}  // namespace winnow::stats
