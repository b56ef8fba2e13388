// Samples drawn on the spot.
#pragma once

#include <cmath>
#include <numbers>
#include <vector>

#include "winnow/core/random.hpp"
#include "winnow/stats/matrix.hpp"

namespace winnow::stats {

// Standard normal (Box and Muller 1958).
inline double draw_normal(CounterRandom& random) {
  const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));
  return radius * std::cos(2 * std::numbers::pi * random.uniform());
}

inline Matrix random_matrix(std::size_t rows, std::size_t columns, std::uint64_t seed) {
  CounterRandom random(seed);
  Matrix matrix(rows, columns);
  for (float& value : matrix.values()) value = static_cast<float>(draw_normal(random));
  return matrix;
}

inline Matrix matrix_of(const std::vector<std::vector<float>>& rows) {
  Matrix matrix(rows.size(), rows.empty() ? 0 : rows[0].size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::copy(rows[i].begin(), rows[i].end(), matrix.row(i).begin());
  return matrix;
}

// A label for each row, drawn with the probabilities softmax(logits).
inline std::vector<int> draw_labels(const Matrix& logits, std::uint64_t seed) {
  std::vector<int> labels;
  for (std::size_t i = 0; i < logits.rows(); ++i) {
    double sum = 0;
    for (const float z : logits.row(i)) sum += std::exp(z);
    double left = CounterRandom(seed, i).uniform() * sum;
    int label = 0;
    for (const float z : logits.row(i)) {
      left -= std::exp(z);
      if (left < 0) break;
      ++label;
    }
    labels.push_back(std::min(label, static_cast<int>(logits.columns()) - 1));
  }
  return labels;
}

}  // namespace winnow::stats
