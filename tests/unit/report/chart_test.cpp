#include "winnow/report/chart.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/html.hpp"

namespace winnow::report {
namespace {

using test::count_of;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The numbers in an attribute, wherever it occurs.
std::vector<double> numbers(const std::string& svg, const std::string& attribute) {
  std::vector<double> found;
  const std::string start = " " + attribute + "=\"";
  for (std::size_t at = svg.find(start); at != std::string::npos; at = svg.find(start, at + 1)) {
    found.push_back(std::stod(svg.substr(at + start.size())));
  }
  return found;
}

// The texts between tags.
std::vector<std::string> texts(const std::string& svg) {
  std::vector<std::string> found;
  for (std::size_t at = svg.find("</text>"); at != std::string::npos; at = svg.find("</text>", at + 1)) {
    const std::size_t begin = svg.rfind('>', at - 1) + 1;
    found.push_back(svg.substr(begin, at - begin));
  }
  return found;
}

void expect_sound(const std::string& svg) {
  EXPECT_EQ(test::find_markup_fault(svg), "");
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
  EXPECT_THAT(svg, testing::StartsWith("<svg viewBox=\"0 0 "));
  for (const char* attribute : {"x", "cx", "x1", "x2"}) {
    EXPECT_THAT(numbers(svg, attribute), Each(testing::AllOf(testing::Ge(-1), testing::Le(561))))
        << attribute;
  }
  for (const char* attribute : {"cy", "y1", "y2"}) {
    EXPECT_THAT(numbers(svg, attribute), Each(testing::AllOf(testing::Ge(-1), testing::Le(321))))
        << attribute;
  }
}

LineChart line(std::vector<std::pair<double, double>> points) {
  return {.title = "t", .x_label = "x", .y_label = "y", .series = {{"s", std::move(points)}}};
}

TEST(LineChart, IsSoundWithoutPoints) {
  expect_sound(draw(LineChart{}));
  expect_sound(draw(line({})));
}

TEST(LineChart, IsSoundWithOnePoint) {
  for (const double value : {0.0, -3.0, 0.001, 1e6, 1e17, -1e17}) {
    const std::string svg = draw(line({{value, value}}));
    expect_sound(svg);
    EXPECT_EQ(count_of(svg, "<circle"), 1) << value;
  }
}

TEST(LineChart, IsSoundWhereAllValuesAreNearlyEqual) {
  expect_sound(draw(line({{0, 1}, {1, 1 + 1e-15}})));
  expect_sound(draw(line({{0, 1e9}, {1, 1e9 + 1e-6}})));
  expect_sound(draw(line({{0, 1e-300}, {1, 2e-300}})));
}

TEST(LineChart, PassesOverWhatIsNotANumber) {
  const std::string svg = draw(line({{0, kNan}, {1, 1}, {kNan, 2}, {2, kInfinity}, {3, -kInfinity}, {4, 2}}));
  expect_sound(svg);
  EXPECT_EQ(count_of(svg, "<circle"), 2);
  expect_sound(draw(line({{kNan, kNan}})));
}

TEST(LineChart, DrawsLargerValuesHigherAndLaterOnesFurtherRight) {
  const std::string svg = draw(line({{0, 1}, {1, 3}, {2, 2}}));
  expect_sound(svg);
  const std::vector<double> x = numbers(svg, "cx");
  const std::vector<double> y = numbers(svg, "cy");
  ASSERT_THAT(y, SizeIs(3));
  EXPECT_LT(y[1], y[2]);
  EXPECT_LT(y[2], y[0]);
  EXPECT_LT(x[0], x[1]);
  EXPECT_LT(x[1], x[2]);
}

TEST(LineChart, KeepsToFixedRanges) {
  LineChart chart = line({{0.5, 0.5}, {0.6, 7}, {0.7, -7}});
  chart.x_range = {0, 1};
  chart.y_range = {0, 1};
  const std::string svg = draw(chart);
  expect_sound(svg);
  const std::vector<double> y = numbers(svg, "cy");
  EXPECT_NEAR(y[0], (y[1] + y[2]) / 2, 0.1);
  EXPECT_EQ(numbers(svg, "cx")[0], (62 + 544) / 2.0);
}

TEST(LineChart, LabelsRoundSteps) {
  LineChart chart = line({});
  chart.x_range = {0, 10};
  chart.y_range = {-0.2, 0.2};
  EXPECT_THAT(texts(draw(chart)),
              testing::IsSupersetOf({"0", "2", "4", "6", "8", "10", "-0.2", "-0.1", "0.0", "0.1", "0.2"}));
  EXPECT_THAT(texts(draw(chart)), Not(testing::Contains("-0.0")));
}

TEST(LineChart, NamesItsSeriesWhenThereAreSeveral) {
  LineChart chart = line({{0, 1}});
  EXPECT_THAT(texts(draw(chart)), Not(testing::Contains("s")));
  chart.series.push_back({"other", {{0, 2}}});
  EXPECT_THAT(texts(draw(chart)), testing::IsSupersetOf({"s", "other"}));
  expect_sound(draw(chart));
}

TEST(LineChart, DrawsTheIdealFromCornerToCorner) {
  LineChart chart = line({{0, 0}, {1, 1}});
  EXPECT_EQ(count_of(draw(chart), "class=\"ideal\""), 0);
  chart.diagonal = true;
  EXPECT_EQ(count_of(draw(chart), "class=\"ideal\""), 1);
}

TEST(LineChart, MarksPointsOnlyWhileTheyAreFew) {
  std::vector<std::pair<double, double>> points;
  for (int i = 0; i < 21; ++i) points.emplace_back(i, i);
  const std::string svg = draw(line(points));
  EXPECT_EQ(count_of(svg, "<circle"), 0);
  EXPECT_EQ(count_of(svg, "<polyline"), 1);
  points.pop_back();
  EXPECT_EQ(count_of(draw(line(points)), "<circle"), 20);
}

TEST(LineChart, IsReadOutByItsTitle) {
  EXPECT_THAT(draw(line({})), HasSubstr("role=\"img\" aria-label=\"t\""));
}

TEST(BarChart, IsSoundWithoutBars) {
  expect_sound(draw(BarChart{"t", {}}));
}

TEST(BarChart, DrawsLengthsInProportion) {
  const std::string svg = draw(BarChart{"t", {{"a", 10}, {"b", 5}, {"c", 0}}});
  expect_sound(svg);
  const std::vector<double> widths = numbers(svg, "width");
  ASSERT_THAT(widths, SizeIs(3));
  EXPECT_NEAR(widths[1], widths[0] / 2, 0.1);
  EXPECT_LE(widths[2], 1);
  EXPECT_THAT(texts(svg), ElementsAre("a", "10", "b", "5", "c", "0"));
}

TEST(BarChart, IsSoundWhenAllIsZero) {
  expect_sound(draw(BarChart{"t", {{"a", 0}, {"b", 0}}}));
}

TEST(BarChart, WritesLargeCountsInFull) {
  EXPECT_THAT(texts(draw(BarChart{"t", {{"a", 12'345'678}, {"b", 0.25}}})),
              ElementsAre("a", "12345678", "b", "0.25"));
}

std::string confusion_of(const std::vector<std::string>& labels,
                         const std::vector<std::vector<std::size_t>>& counts) {
  return draw_confusion(labels, [&](std::size_t truth, std::size_t answer) { return counts[truth][answer]; });
}

TEST(ConfusionChart, ShadesCellsByTheirShareOfTheRow) {
  const std::string svg = confusion_of({"cat", "dog"}, {{3, 1}, {0, 9}});
  EXPECT_EQ(test::find_markup_fault(svg), "");
  EXPECT_EQ(count_of(svg, "class=\"cell\""), 2);
  EXPECT_EQ(count_of(svg, "class=\"cell wrong\""), 2);
  const std::vector<double> opacity = numbers(svg, "fill-opacity");
  ASSERT_THAT(opacity, SizeIs(4));
  EXPECT_GT(opacity[3], opacity[0]);
  EXPECT_GT(opacity[0], opacity[1]);
  EXPECT_GT(opacity[1], opacity[2]);
  EXPECT_EQ(opacity[2], 0);
}

TEST(ConfusionChart, WritesCountsRowByRowAndLeavesZerosOut) {
  EXPECT_THAT(texts(confusion_of({"cat", "dog"}, {{3, 1}, {0, 9}})),
              ElementsAre("cat", "3", "1", "dog", "9", "cat", "dog"));
}

TEST(ConfusionChart, IsSoundWhereAClassHasNoSamples) {
  const std::string svg = confusion_of({"cat", "dog"}, {{0, 0}, {0, 9}});
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(numbers(svg, "fill-opacity"), testing::Contains(testing::Gt(0)).Times(1));
}

TEST(ConfusionChart, IsSoundForNoneAndForManyClasses) {
  const auto zero = [](std::size_t, std::size_t) { return std::size_t{0}; };
  expect_sound(draw_confusion({}, zero));
  const std::string svg =
      draw_confusion(std::vector<std::string>(100, "a class with a rather long name"), zero);
  EXPECT_EQ(test::find_markup_fault(svg), "");
  EXPECT_EQ(count_of(svg, "<rect"), 10'000);
}

TEST(ConfusionChart, CutsLongNamesAndKeepsThemAsTooltips) {
  const std::string name = "crème brûlée au caramel de beurre salé";
  const std::string svg = confusion_of({name, "tea"}, {{1, 0}, {0, 1}});
  EXPECT_EQ(test::find_markup_fault(svg), "");
  EXPECT_EQ(count_of(svg, "crème brûlée au caram…<title>" + name + "</title>"), 2);
}

TEST(Charts, EscapeEveryLabel) {
  const std::string hostile = "\"><script>alert(1)</script>&";
  const std::string escaped = "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;";
  const LineChart lines{
      .title = hostile, .x_label = hostile, .y_label = hostile, .series = {{hostile, {}}, {hostile, {}}}};
  const std::string svgs[] = {draw(lines), draw(BarChart{hostile, {{hostile, 1}}}),
                              confusion_of({hostile, hostile}, {{1, 1}, {1, 1}})};
  const int labels[] = {5, 2, 4};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(test::find_markup_fault(svgs[i]), "");
    EXPECT_THAT(svgs[i], Not(HasSubstr("<script")));
    EXPECT_EQ(count_of(svgs[i], escaped), labels[i]);
  }
}

}  // namespace
}  // namespace winnow::report
