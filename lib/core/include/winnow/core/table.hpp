#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

namespace winnow {

// Aligned columns for a terminal. The first column is text, the others lean right if all their cells are
// numbers. Plain spaces, so that cut and awk can read it.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}

  template <class... Cells>
  void add(const Cells&... cells) {
    rows_.push_back({fmt::format("{}", cells)...});
  }

  [[nodiscard]] std::string render() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace winnow
