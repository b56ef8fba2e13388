#include "winnow/stats/confusion.hpp"

#include <numeric>

namespace winnow::stats {
namespace {

double ratio(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::size_t Confusion::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::size_t{0});
}

std::size_t Confusion::correct() const {
  std::size_t sum = 0;
  for (std::size_t c = 0; c < classes_; ++c) sum += count(c, c);
  return sum;
}

std::size_t Confusion::truths(std::size_t label) const {
  std::size_t sum = 0;
  for (std::size_t c = 0; c < classes_; ++c) sum += count(label, c);
  return sum;
}

std::size_t Confusion::predictions(std::size_t label) const {
  std::size_t sum = 0;
  for (std::size_t c = 0; c < classes_; ++c) sum += count(c, label);
  return sum;
}

double Confusion::accuracy() const {
  return ratio(correct(), total());
}
double Confusion::precision(std::size_t label) const {
  return ratio(count(label, label), predictions(label));
}
double Confusion::recall(std::size_t label) const {
  return ratio(count(label, label), truths(label));
}

double Confusion::balanced_accuracy() const {
  double sum = 0;
  std::size_t present = 0;
  for (std::size_t c = 0; c < classes_; ++c) {
    if (truths(c) == 0) continue;
    sum += recall(c);
    ++present;
  }
  return present == 0 ? 0 : sum / static_cast<double>(present);
}

Confusion confusion(std::span<const int> truths, std::span<const int> predictions, std::size_t classes) {
  Confusion result(classes);
  for (std::size_t i = 0; i < truths.size(); ++i) result.add(truths[i], predictions[i]);
  return result;
}

}  // namespace winnow::stats
