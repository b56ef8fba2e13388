#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace winnow::stats {

// Row-major float32. Rows are samples.
class Matrix {
 public:
  Matrix() = default;
  Matrix(std::size_t rows, std::size_t columns) : rows_(rows), columns_(columns), values_(rows * columns) {}

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t columns() const { return columns_; }
  [[nodiscard]] std::span<float> row(std::size_t i) { return {values_.data() + i * columns_, columns_}; }
  [[nodiscard]] std::span<const float> row(std::size_t i) const {
    return {values_.data() + i * columns_, columns_};
  }
  [[nodiscard]] std::span<float> values() { return values_; }
  [[nodiscard]] std::span<const float> values() const { return values_; }

  // The given rows, in the given order.
  [[nodiscard]] Matrix select(std::span<const std::size_t> rows) const {
    Matrix chosen(rows.size(), columns_);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy(row(rows[i]).begin(), row(rows[i]).end(), chosen.row(i).begin());
    }
    return chosen;
  }

  // Keeps only the given rows, which must rise, without taking more memory.
  void keep_rows(std::span<const std::size_t> rising) {
    for (std::size_t i = 0; i < rising.size(); ++i) {
      if (rising[i] != i) std::copy(row(rising[i]).begin(), row(rising[i]).end(), row(i).begin());
    }
    rows_ = rising.size();
    values_.resize(rows_ * columns_);
  }

 private:
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  std::vector<float> values_;
};

}  // namespace winnow::stats
