#include "value_histogram.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "winnow/core/random.hpp"

namespace winnow::exporting {
namespace {

TEST(ValueHistogram, KeepsTheEndsOfEvenlySpreadValues) {
  ValueHistogram histogram;
  CounterRandom random(1);
  for (int batch = 0; batch < 4; ++batch) {
    std::vector<float> values(5000);
    // Later batches reach further: the bins have to follow.
    for (float& value : values) value = static_cast<float>(random.uniform(-1.0, 6.0) * (batch + 1) / 4);
    histogram.add(values);
  }
  const model::QuantisedRange range = histogram.best_range();
  EXPECT_NEAR(range.low, -1, 0.1);
  EXPECT_NEAR(range.high, 6, 0.3);
}

TEST(ValueHistogram, CutsARareOutlierOff) {
  ValueHistogram histogram;
  CounterRandom random(2);
  std::vector<float> values(200'000);
  for (float& value : values) value = static_cast<float>(random.uniform(0, 1));
  values[7] = 40;
  histogram.add(values);
  const model::QuantisedRange range = histogram.best_range();
  EXPECT_EQ(range.low, 0);
  EXPECT_GE(range.high, 1);
  EXPECT_LT(range.high, 40);
}

TEST(ValueHistogram, TakesZerosAndNothing) {
  ValueHistogram histogram;
  EXPECT_EQ(histogram.best_range().high, 0);
  histogram.add(std::vector<float>(100, 0.0F));
  EXPECT_EQ(histogram.best_range().low, 0);
  EXPECT_EQ(histogram.best_range().high, 0);
}

}  // namespace
}  // namespace winnow::exporting
