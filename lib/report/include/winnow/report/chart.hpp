// Charts as inline SVG, drawn in the page's own colours.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace winnow::report {

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;  // in rising x
};

struct LineChart {
  std::string title;  // read out by screen readers
  std::string x_label;
  std::string y_label;
  std::vector<Series> series;
  bool diagonal = false;  // a dashed line from corner to corner: what would be ideal
  // Fixed axis ranges; equal ends: taken from the points.
  std::pair<double, double> x_range = {0, 0};
  std::pair<double, double> y_range = {0, 0};
};

[[nodiscard]] std::string draw(const LineChart& chart);

struct Bar {
  std::string label;
  double value;
};

struct BarChart {
  std::string title;
  std::vector<Bar> bars;  // value >= 0
};

// Horizontal bars with their values.
[[nodiscard]] std::string draw(const BarChart& chart);

// How scores in [0, 1] are spread; those below the threshold stand out.
struct Histogram {
  std::string title;
  std::vector<float> scores;  // what is not in [0, 1] counts as the nearer end
  double threshold = 0;
};

[[nodiscard]] std::string draw(const Histogram& histogram);

// Rows are truths, columns what was answered; cells are shaded by their share of the row.
[[nodiscard]] std::string draw_confusion(const std::vector<std::string>& labels,
                                         const std::function<std::size_t(std::size_t, std::size_t)>& count);

}  // namespace winnow::report
