#include "winnow/stats/interval.hpp"

#include <gtest/gtest.h>

namespace winnow::stats {
namespace {

void expect_interval(std::size_t correct, std::size_t total, double low, double high) {
  const Interval interval = wilson_interval(correct, total);
  EXPECT_NEAR(interval.low, low, 1e-9) << correct << " of " << total;
  EXPECT_NEAR(interval.high, high, 1e-9) << correct << " of " << total;
}

// Computed from Wilson's formula with z = 1.959963984540054 by another program.
TEST(WilsonInterval, MatchesKnownValues) {
  expect_interval(0, 10, 0, 0.2775327998628892);
  expect_interval(5, 10, 0.236593090512564, 0.7634069094874361);
  expect_interval(10, 10, 0.7224672001371107, 1);
  expect_interval(1, 1, 0.20654931437723745, 1);
  expect_interval(81, 100, 0.7222115462093562, 0.8748524849023126);
  expect_interval(550, 1000, 0.5190327082257413, 0.5805846159257033);
}

TEST(WilsonInterval, SaysNothingWithoutSamples) {
  expect_interval(0, 0, 0, 1);
}

TEST(WilsonInterval, StaysWithinZeroAndOneAndAroundTheProportion) {
  for (std::size_t total = 1; total <= 60; ++total) {
    for (std::size_t correct = 0; correct <= total; ++correct) {
      const Interval interval = wilson_interval(correct, total);
      const double proportion = static_cast<double>(correct) / static_cast<double>(total);
      EXPECT_GE(interval.low, 0);
      EXPECT_LE(interval.high, 1);
      EXPECT_LE(interval.low, proportion + 1e-12);
      EXPECT_GE(interval.high, proportion - 1e-12);
    }
  }
}

}  // namespace
}  // namespace winnow::stats
