#include "predictions.hpp"

#include <algorithm>
#include <cmath>

#include "winnow/inference/classifier.hpp"
#include "winnow/stats/calibration.hpp"

namespace winnow::exporting {

Predictions predict(ByteSpan onnx, std::span<const std::uint8_t> pixels, const Context& context) {
  const auto classifier = inference::open_classifier(onnx, "the exported model",
                                                     {.threads = context.threads, .full_precision = true});
  const std::vector<inference::Prediction> all = classifier->classify(pixels);
  const std::size_t classes = all.front().logits.size();
  Predictions result{stats::Matrix(all.size(), classes), stats::Matrix(all.size(), classes), {}, {}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::copy(all[i].logits.begin(), all[i].logits.end(), result.logits.row(i).begin());
    std::copy(all[i].probabilities.begin(), all[i].probabilities.end(), result.probabilities.row(i).begin());
    result.similarity.push_back(all[i].similarity);
  }
  result.answers = stats::argmax(result.logits);
  return result;
}

double largest_difference(const stats::Matrix& a, const stats::Matrix& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.values().size(); ++i) {
    const double difference = std::abs(double{a.values()[i]} - b.values()[i]);
    if (std::isnan(difference)) return difference;
    largest = std::max(largest, difference);
  }
  return largest;
}

std::size_t count_equal(const std::vector<int>& a, const std::vector<int>& b) {
  std::size_t equal = 0;
  for (std::size_t i = 0; i < a.size(); ++i) equal += a[i] == b[i] ? 1 : 0;
  return equal;
}

}  // namespace winnow::exporting
