#include "winnow/core/table.hpp"

#include <algorithm>

#include "winnow/core/text.hpp"

namespace winnow {
namespace {

bool is_number(const std::string& cell) {
  return cell.find_first_not_of("0123456789.-+ %") == std::string::npos;
}

}  // namespace

std::string Table::render() const {
  const std::size_t columns = rows_.front().size();
  std::vector<std::size_t> widths(columns);
  std::vector<bool> numeric(columns, true);
  numeric[0] = false;
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    for (std::size_t c = 0; c < columns; ++c) {
      widths[c] = std::max(widths[c], display_width(rows_[r][c]));
      if (r > 0 && !is_number(rows_[r][c])) numeric[c] = false;
    }
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t c = 0; c < columns; ++c) {
      const std::string gap(widths[c] - display_width(row[c]), ' ');
      line += (c > 0 ? "  " : "") + (numeric[c] ? gap + row[c] : row[c] + gap);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace winnow
