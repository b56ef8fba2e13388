// Which labels are probably wrong, from predictions by heads that have not seen the sample.
// Northcutt, Jiang, Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels",
// arXiv:1911.00068; thresholds and calibration as in its authors' cleanlab.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "winnow/stats/matrix.hpp"

namespace winnow::stats {

struct LabelError {
  std::size_t sample;
  int suggested;           // the class of the largest probability
  double self_confidence;  // the probability of the label given
  double margin;  // (that, less the largest probability of another class, + 1) / 2: in [0, 1], low is bad
};

struct ConfidentLearning {
  std::vector<double> thresholds;  // [classes]: the mean self-confidence of the class; 2 if it has no sample
  // [classes, classes], rows are the labels given, columns what is confidently believed instead: counts, and
  // the counts scaled to the size of each class so that they sum to n.
  std::vector<std::size_t> confident_joint;
  std::vector<std::size_t> calibrated_joint;
  double noise_rate = 0;           // the share of the calibrated joint off its diagonal
  std::vector<LabelError> errors;  // the confident ones, lowest margin first
};

struct ConfidentLearningOptions {
  // As many samples of each class stay unflagged, so that a small class is never argued away.
  std::size_t min_class_size = 5;
};

// probabilities: [n, classes], out of fold, rows sum to 1; labels: [n] in [0, classes). Errors are the
// samples that are confidently of another class than given and whose largest probability is not the given
// class. n = 0 or fewer than two classes: no errors.
[[nodiscard]] ConfidentLearning find_label_errors(const Matrix& probabilities, std::span<const int> labels,
                                                  const ConfidentLearningOptions& options = {});

}  // namespace winnow::stats
