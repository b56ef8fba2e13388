#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "winnow/report/chart.hpp"
#include "winnow/report/page.hpp"

namespace winnow::report {
namespace {

constexpr std::size_t kBins = 40;
constexpr double kWidth = 560;
constexpr double kHeight = 200;
constexpr double kLeft = 8;
constexpr double kTop = 24;
constexpr double kBottom = 26;

double at_x(double score) {
  return kLeft + score * (kWidth - 2 * kLeft);
}

std::array<std::size_t, kBins> count_bins(const std::vector<float>& scores) {
  std::array<std::size_t, kBins> counts = {};
  for (const float score : scores) {
    if (std::isnan(score)) continue;
    const double place = std::clamp(static_cast<double>(score), 0.0, 1.0) * kBins;
    ++counts[std::min(kBins - 1, static_cast<std::size_t>(place))];
  }
  return counts;
}

}  // namespace

std::string draw(const Histogram& histogram) {
  const std::array<std::size_t, kBins> counts = count_bins(histogram.scores);
  const double most =
      static_cast<double>(std::max<std::size_t>(1, *std::max_element(counts.begin(), counts.end())));
  std::string svg = fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">", kWidth,
                                kHeight, escape(histogram.title));
  const double floor = kHeight - kBottom;
  for (std::size_t i = 0; i < kBins; ++i) {
    if (counts[i] == 0) continue;
    const double low = static_cast<double>(i) / kBins;
    // The few at the low end are what a person looks for: a bar is never too small to see.
    const double height = std::max(2.0, static_cast<double>(counts[i]) / most * (floor - kTop));
    svg += fmt::format("<rect class=\"bar{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>",
                       low + 0.5 / kBins < histogram.threshold ? " wrong" : "", at_x(low) + 1, floor - height,
                       at_x(1.0 / kBins) - at_x(0) - 2, height);
  }
  svg += fmt::format("<line class=\"axis\" x1=\"{0:.1f}\" y1=\"{2:.1f}\" x2=\"{1:.1f}\" y2=\"{2:.1f}\"/>",
                     at_x(0), at_x(1), floor);
  if (histogram.threshold > 0) {
    svg += fmt::format("<line class=\"ideal\" x1=\"{0:.1f}\" y1=\"{1:.1f}\" x2=\"{0:.1f}\" y2=\"{2:.1f}\"/>",
                       at_x(histogram.threshold), kTop - 8, floor);
  }
  for (const auto& [score, anchor] : {std::pair{0.0, "start"}, {0.5, "middle"}, {1.0, "end"}}) {
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{:g}</text>", at_x(score),
                       kHeight - 8, anchor, score);
  }
  return svg +
         fmt::format("<text x=\"{:.1f}\" y=\"16\" text-anchor=\"end\">most in a bar: {:.0f}</text></svg>",
                     at_x(1), most);
}

}  // namespace winnow::report
