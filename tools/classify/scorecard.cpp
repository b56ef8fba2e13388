#include "classify/scorecard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "classify/options.hpp"
#include "winnow/core/text.hpp"
#include "winnow/stats/interval.hpp"

namespace winnow::tools {
namespace {

constexpr std::size_t kClassesShown = 10;

double percent(std::size_t part, std::size_t whole) {
  return 100 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

bool Scorecard::is_right(const inference::Answer& answer, const std::string& expected) {
  return expected == kNoneOfThese ? answer.unknown : answer.label == expected;
}

void Scorecard::add(const inference::Answer& answer, const std::string& expected) {
  Row& row = classes_[expected];
  const bool right = is_right(answer, expected);
  ++row.total;
  ++total_;
  row.right += right ? 1 : 0;
  right_ += right ? 1 : 0;
  row.unknown += answer.unknown ? 1 : 0;
  if (!right) ++row.taken_for[answer.label];
}

void Scorecard::report_total(const std::string& who, Logger& log) const {
  const stats::Interval interval = stats::wilson_interval(right_, total_);
  log.info("{}{} of {} right: {:.1f} % (95 % interval {:.1f} to {:.1f} %)", who.empty() ? "" : who + ": ",
           right_, total_, percent(right_, total_), 100 * interval.low, 100 * interval.high);
}

void Scorecard::report_classes(Logger& log) const {
  std::vector<std::pair<std::string, Row>> rows(classes_.begin(), classes_.end());
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return a.second.right * b.second.total < b.second.right * a.second.total;
  });
  for (std::size_t i = 0; i < std::min(rows.size(), kClassesShown); ++i) {
    const auto& [label, row] = rows[i];
    std::string line = fmt::format("{}: {} of {} right: {:.1f} %", printable(label), row.right, row.total,
                                   percent(row.right, row.total));
    if (!row.taken_for.empty()) {
      const auto most = std::max_element(row.taken_for.begin(), row.taken_for.end(),
                                         [](const auto& a, const auto& b) { return a.second < b.second; });
      line += fmt::format(", {} taken for {}", most->second, printable(most->first));
    }
    if (label != kNoneOfThese && row.unknown > 0)
      line += fmt::format(", {} called none of these", row.unknown);
    log.info("{}", line);
  }
  if (rows.size() > kClassesShown) log.info("and {} more classes", rows.size() - kClassesShown);
}

}  // namespace winnow::tools
