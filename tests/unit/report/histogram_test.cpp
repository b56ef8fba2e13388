#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/html.hpp"
#include "winnow/report/chart.hpp"

namespace winnow::report {
namespace {

using testing::HasSubstr;

TEST(DrawHistogram, HasABarForEachBinThatIsNotEmpty) {
  const std::string svg = draw(Histogram{"Dark", {0.01F, 0.02F, 0.5F, 0.99F}, 0.32});
  EXPECT_EQ(test::find_markup_fault(svg), "");
  EXPECT_EQ(test::count_of(svg, "<rect "), 3);
  EXPECT_EQ(test::count_of(svg, "class=\"bar wrong\""), 1);
  EXPECT_THAT(svg, HasSubstr("most in a bar: 2"));
  EXPECT_THAT(svg, HasSubstr("class=\"ideal\""));
}

TEST(DrawHistogram, DrawsNoThresholdWhereThereIsNone) {
  EXPECT_EQ(test::count_of(draw(Histogram{"x", {0.5F}, 0}), "class=\"ideal\""), 0);
}

TEST(DrawHistogram, EscapesItsTitle) {
  const std::string svg = draw(Histogram{"\"><b>&", {0.5F}});
  EXPECT_EQ(test::find_markup_fault(svg), "");
}

TEST(DrawHistogram, TakesWhatIsNoScore) {
  const std::string svg = draw(Histogram{"x", {-3, 7, NAN, INFINITY}, 0.5});
  EXPECT_EQ(test::find_markup_fault(svg), "");
  EXPECT_EQ(test::count_of(svg, "<rect "), 2);
  EXPECT_THAT(svg, testing::Not(HasSubstr("nan")));
}

TEST(DrawHistogram, TakesNothing) {
  EXPECT_EQ(test::count_of(draw(Histogram{"x", {}}), "<rect "), 0);
}

}  // namespace
}  // namespace winnow::report
