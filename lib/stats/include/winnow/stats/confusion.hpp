#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace winnow::stats {

// Counts of (true class, predicted class).
class Confusion {
 public:
  explicit Confusion(std::size_t classes) : classes_(classes), counts_(classes * classes) {}

  void add(int truth, int predicted) {
    ++counts_[static_cast<std::size_t>(truth) * classes_ + static_cast<std::size_t>(predicted)];
  }

  [[nodiscard]] std::size_t classes() const { return classes_; }
  [[nodiscard]] std::size_t count(std::size_t truth, std::size_t predicted) const {
    return counts_[truth * classes_ + predicted];
  }
  [[nodiscard]] std::size_t total() const;
  [[nodiscard]] std::size_t correct() const;
  [[nodiscard]] std::size_t truths(std::size_t label) const;       // samples of the class
  [[nodiscard]] std::size_t predictions(std::size_t label) const;  // samples called so
  // 0 where nothing could be counted.
  [[nodiscard]] double accuracy() const;
  [[nodiscard]] double precision(std::size_t label) const;
  [[nodiscard]] double recall(std::size_t label) const;
  // Mean recall of the classes that occur.
  [[nodiscard]] double balanced_accuracy() const;

 private:
  std::size_t classes_;
  std::vector<std::size_t> counts_;
};

// truths, predictions: [n] in [0, classes).
[[nodiscard]] Confusion confusion(std::span<const int> truths, std::span<const int> predictions,
                                  std::size_t classes);

}  // namespace winnow::stats
