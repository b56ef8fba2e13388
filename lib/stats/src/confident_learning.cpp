#include "winnow/stats/confident_learning.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "winnow/stats/calibration.hpp"

namespace winnow::stats {
namespace {

constexpr double kNever = 2;        // above every probability
constexpr double kRounding = 1e-6;  // a class of equal probabilities still reaches its own mean

std::vector<double> class_thresholds(const Matrix& probabilities, std::span<const int> labels) {
  std::vector<double> sums(probabilities.columns());
  std::vector<std::size_t> counts(sums.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto label = static_cast<std::size_t>(labels[i]);
    sums[label] += probabilities.row(i)[label];
    ++counts[label];
  }
  for (std::size_t c = 0; c < sums.size(); ++c) {
    sums[c] = counts[c] == 0 ? kNever : sums[c] / static_cast<double>(counts[c]);
  }
  return sums;
}

// The most probable class among those that the sample reaches the threshold of; -1 if it reaches none, as
// what belongs to no class does.
int confident_class(std::span<const float> probabilities, const std::vector<double>& thresholds) {
  int best = -1;
  for (std::size_t c = 0; c < thresholds.size(); ++c) {
    if (probabilities[c] < thresholds[c] - kRounding) continue;
    if (best < 0 || probabilities[c] > probabilities[static_cast<std::size_t>(best)])
      best = static_cast<int>(c);
  }
  return best;
}

// Rounds to integers that keep the rounded sum: the largest remainders get what is missing.
std::vector<std::size_t> round_keeping_sum(const std::vector<double>& values) {
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  std::vector<std::size_t> rounded(values.size());
  std::vector<std::size_t> order(values.size());
  auto missing = static_cast<std::ptrdiff_t>(std::lround(sum));
  for (std::size_t i = 0; i < values.size(); ++i) {
    rounded[i] = static_cast<std::size_t>(values[i]);
    missing -= static_cast<std::ptrdiff_t>(rounded[i]);
    order[i] = i;
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return values[a] - std::floor(values[a]) > values[b] - std::floor(values[b]);
  });
  for (std::size_t i = 0; i < order.size() && missing > 0; ++i, --missing) ++rounded[order[i]];
  return rounded;
}

void calibrate(std::span<const int> labels, std::size_t classes, ConfidentLearning& result) {
  std::vector<std::size_t> given(classes);
  for (const int label : labels) ++given[static_cast<std::size_t>(label)];
  std::size_t trace = 0;
  for (std::size_t a = 0; a < classes; ++a) {
    const std::size_t* row = &result.confident_joint[a * classes];
    const auto total = static_cast<double>(std::accumulate(row, row + classes, std::size_t{0}));
    std::vector<double> scaled(classes);
    for (std::size_t b = 0; b < classes; ++b) {
      scaled[b] = static_cast<double>(row[b]) / total * static_cast<double>(given[a]);
    }
    const std::vector<std::size_t> rounded = round_keeping_sum(scaled);
    trace += rounded[a];
    result.calibrated_joint.insert(result.calibrated_joint.end(), rounded.begin(), rounded.end());
  }
  result.noise_rate = 1 - static_cast<double>(trace) / static_cast<double>(labels.size());
}

LabelError judge(std::span<const float> probabilities, std::size_t sample, int label, int suggested) {
  const double self = probabilities[static_cast<std::size_t>(label)];
  const double other = probabilities[static_cast<std::size_t>(suggested)];
  return {sample, suggested, self, (self - other + 1) / 2};
}

// Keeps the worst of each class, but leaves min_class_size of the class alone. errors: worst first.
void spare_small_classes(std::span<const int> labels, std::size_t classes, std::size_t min_class_size,
                         std::vector<LabelError>& errors) {
  std::vector<std::size_t> left(classes);
  for (const int label : labels) ++left[static_cast<std::size_t>(label)];
  std::erase_if(errors, [&](const LabelError& error) {
    std::size_t& count = left[static_cast<std::size_t>(labels[error.sample])];
    if (count <= min_class_size) return true;
    --count;
    return false;
  });
}

}  // namespace

ConfidentLearning find_label_errors(const Matrix& probabilities, std::span<const int> labels,
                                    const ConfidentLearningOptions& options) {
  const std::size_t classes = probabilities.columns();
  ConfidentLearning result;
  result.thresholds = class_thresholds(probabilities, labels);
  result.confident_joint.resize(classes * classes);
  if (labels.empty()) return result;

  const std::vector<int> predicted = argmax(probabilities);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const int believed = confident_class(probabilities.row(i), result.thresholds);
    if (believed < 0) continue;
    ++result.confident_joint[static_cast<std::size_t>(labels[i]) * classes +
                             static_cast<std::size_t>(believed)];
    if (believed != labels[i] && predicted[i] != labels[i]) {
      result.errors.push_back(judge(probabilities.row(i), i, labels[i], predicted[i]));
    }
  }
  for (std::size_t c = 0; c < classes; ++c) {
    std::size_t& own = result.confident_joint[c * classes + c];
    own = std::max<std::size_t>(own, 1);
  }
  calibrate(labels, classes, result);
  std::stable_sort(result.errors.begin(), result.errors.end(),
                   [](const LabelError& a, const LabelError& b) { return a.margin < b.margin; });
  spare_small_classes(labels, classes, options.min_class_size, result.errors);
  return result;
}

}  // namespace winnow::stats
