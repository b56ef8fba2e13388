#include "winnow/report/chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "winnow/core/text.hpp"
#include "winnow/report/page.hpp"

namespace winnow::report {
namespace {

constexpr double kWidth = 560;
constexpr double kHeight = 320;
constexpr double kLeft = 62;
constexpr double kRight = 16;
constexpr double kTop = 34;
constexpr double kBottom = 48;

// Ticks at 1, 2 or 5 times a power of ten that cover [low, high].
struct Axis {
  double low;
  double high;
  double step;

  Axis(double from, double to) {
    if (!(to > from)) {
      const double half = std::max(0.5, std::abs(from) * 1e-6);  // beside 1e17, 0.5 is nothing
      from -= half;
      to = from + 2 * half;
    }
    const double rough = (to - from) / 5;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    const double ratio = rough / power;
    step = power * (ratio < 1.5 ? 1 : ratio < 3.5 ? 2 : ratio < 7.5 ? 5 : 10);
    low = std::floor(from / step + 1e-9) * step;
    high = std::ceil(to / step - 1e-9) * step;
  }

  [[nodiscard]] double fraction(double value) const { return (value - low) / (high - low); }
  [[nodiscard]] std::string label(double value) const {
    const int decimals = std::clamp(static_cast<int>(-std::floor(std::log10(step) + 1e-9)), 0, 6);
    return fmt::format("{:.{}f}", std::abs(value) < step / 2 ? 0.0 : value, decimals);
  }
  [[nodiscard]] int ticks() const { return static_cast<int>(std::lround((high - low) / step)); }
};

Axis axis_for(std::pair<double, double> fixed, const std::vector<Series>& series, bool x) {
  if (fixed.first != fixed.second) return {fixed.first, fixed.second};
  double low = INFINITY;
  double high = -INFINITY;
  for (const Series& s : series) {
    for (const auto& point : s.points) {
      const double value = x ? point.first : point.second;
      if (!std::isfinite(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  return low <= high ? Axis(low, high) : Axis(0, 1);
}

struct Frame {
  Axis x;
  Axis y;
  [[nodiscard]] double at_x(double value) const {
    return kLeft + x.fraction(value) * (kWidth - kLeft - kRight);
  }
  [[nodiscard]] double at_y(double value) const {
    return kHeight - kBottom - y.fraction(value) * (kHeight - kTop - kBottom);
  }
};

std::string draw_axes(const Frame& frame, const LineChart& chart) {
  std::string svg;
  for (int i = 0; i <= frame.y.ticks(); ++i) {
    const double value = frame.y.low + i * frame.y.step;
    const double y = frame.at_y(value);
    svg += fmt::format("<line class=\"grid\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>",
                       kLeft, y, kWidth - kRight, y);
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", kLeft - 8, y + 4,
                       frame.y.label(value));
  }
  for (int i = 0; i <= frame.x.ticks(); ++i) {
    const double value = frame.x.low + i * frame.x.step;
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>", frame.at_x(value),
                       kHeight - kBottom + 18, frame.x.label(value));
  }
  svg += fmt::format("<line class=\"axis\" x1=\"{0:.1f}\" y1=\"{2:.1f}\" x2=\"{1:.1f}\" y2=\"{2:.1f}\"/>",
                     kLeft, kWidth - kRight, kHeight - kBottom);
  svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
                     (kLeft + kWidth - kRight) / 2, kHeight - 8, escape(chart.x_label));
  svg += fmt::format("<text x=\"4\" y=\"16\">{}</text>", escape(chart.y_label));
  return svg;
}

std::string draw_legend(const std::vector<Series>& series) {
  std::string svg;
  double x = kWidth - kRight;
  for (std::size_t i = series.size(); i-- > 0;) {
    x -= 8.0 * static_cast<double>(display_width(series[i].name)) + 34;
    svg += fmt::format("<line class=\"series s{0}\" x1=\"{1:.1f}\" y1=\"12\" x2=\"{2:.1f}\" y2=\"12\"/>",
                       i % 4, x, x + 18);
    svg += fmt::format("<text class=\"on\" x=\"{:.1f}\" y=\"16\">{}</text>", x + 24, escape(series[i].name));
  }
  return svg;
}

// What fits into `columns`, with the whole as a tooltip where it was cut.
std::string fitted(const std::string& label, std::size_t columns) {
  if (display_width(label) <= columns) return escape(label);
  std::size_t end = 0;
  for (std::size_t column = 0; end < label.size() && column + 1 < columns; ++column) {
    do {
      ++end;
    } while (end < label.size() && (static_cast<unsigned char>(label[end]) & 0xc0u) == 0x80u);
  }
  return fmt::format("{}…<title>{}</title>", escape(label.substr(0, end)), escape(label));
}

std::string open_svg(double width, double height, const std::string& title) {
  return fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">", width, height,
                     escape(title));
}

}  // namespace

std::string draw(const LineChart& chart) {
  const Frame frame{axis_for(chart.x_range, chart.series, true),
                    axis_for(chart.y_range, chart.series, false)};
  std::string svg = open_svg(kWidth, kHeight, chart.title) + draw_axes(frame, chart);
  if (chart.diagonal) {
    svg += fmt::format("<line class=\"ideal\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>",
                       frame.at_x(frame.x.low), frame.at_y(frame.y.low), frame.at_x(frame.x.high),
                       frame.at_y(frame.y.high));
  }
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    std::string points;
    std::string dots;
    for (const auto& [x, y] : chart.series[i].points) {
      if (!std::isfinite(x) || !std::isfinite(y)) continue;
      const double clamped = std::clamp(y, frame.y.low, frame.y.high);
      points += fmt::format("{:.1f},{:.1f} ", frame.at_x(x), frame.at_y(clamped));
      dots += fmt::format("<circle class=\"s{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"/>", i % 4, frame.at_x(x),
                          frame.at_y(clamped));
    }
    svg += fmt::format("<polyline class=\"series s{}\" points=\"{}\"/>", i % 4, points);
    if (chart.series[i].points.size() <= 20) svg += dots;
  }
  if (chart.series.size() > 1) svg += draw_legend(chart.series);
  return svg + "</svg>";
}

std::string draw(const BarChart& chart) {
  constexpr double kRow = 30;
  constexpr double kLabelWidth = 170;
  double largest = 0;
  for (const Bar& bar : chart.bars) largest = std::max(largest, bar.value);
  std::string svg = open_svg(kWidth, kRow * static_cast<double>(chart.bars.size()), chart.title);
  for (std::size_t i = 0; i < chart.bars.size(); ++i) {
    const double y = kRow * static_cast<double>(i);
    const double length = largest > 0 ? chart.bars[i].value / largest * (kWidth - kLabelWidth - 70) : 0;
    svg += fmt::format("<text class=\"on\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
                       kLabelWidth - 10, y + 20, escape(chart.bars[i].label));
    svg +=
        fmt::format("<rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"18\" rx=\"4\"/>",
                    kLabelWidth, y + 6, std::max(length, 1.0));
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\">{:.10g}</text>", kLabelWidth + length + 8, y + 20,
                       chart.bars[i].value);
  }
  return svg + "</svg>";
}

std::string draw_confusion(const std::vector<std::string>& labels,
                           const std::function<std::size_t(std::size_t, std::size_t)>& count) {
  const auto n = static_cast<double>(labels.size());
  std::size_t longest = 4;
  for (const std::string& label : labels) longest = std::max(longest, display_width(label));
  constexpr std::size_t kLongestLabel = 22;
  const double margin = std::min(180.0, 16 + 7.5 * static_cast<double>(longest));
  const double cell = std::clamp(420 / n, 26.0, 84.0);
  const double width = margin + n * cell + 8;
  const double height = n * cell + margin * 0.65 + 24;
  std::string svg = open_svg(width, height, "Confusion matrix: rows are the true class, columns the answer");
  for (std::size_t truth = 0; truth < labels.size(); ++truth) {
    const double y = 4 + static_cast<double>(truth) * cell;
    std::size_t row_total = 0;
    for (std::size_t answer = 0; answer < labels.size(); ++answer) row_total += count(truth, answer);
    svg += fmt::format("<text class=\"on\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
                       margin - 8, y + cell / 2 + 4, fitted(labels[truth], kLongestLabel));
    for (std::size_t answer = 0; answer < labels.size(); ++answer) {
      const std::size_t value = count(truth, answer);
      const double share = row_total > 0 ? static_cast<double>(value) / static_cast<double>(row_total) : 0;
      const double x = margin + static_cast<double>(answer) * cell;
      svg += fmt::format(
          "<rect class=\"cell{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
          "fill-opacity=\"{:.2f}\"/>",
          truth == answer ? "" : " wrong", x, y, cell, cell, value == 0 ? 0 : 0.15 + 0.55 * share);
      if (value > 0) {
        svg += fmt::format("<text class=\"on\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
                           x + cell / 2, y + cell / 2 + 4, value);
      }
    }
  }
  for (std::size_t answer = 0; answer < labels.size(); ++answer) {
    const double x = margin + (static_cast<double>(answer) + 0.5) * cell;
    const double y = n * cell + 20;
    svg += fmt::format(
        "<text class=\"on\" text-anchor=\"end\" transform=\"translate({:.1f} {:.1f}) rotate(-40)\">{}</text>",
        x + 6, y, fitted(labels[answer], kLongestLabel));
  }
  return svg + "</svg>";
}

}  // namespace winnow::report
