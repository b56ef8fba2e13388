#include "winnow/stats/calibration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "unit/stats/samples.hpp"

namespace winnow::stats {
namespace {

using testing::ElementsAre;
using testing::FloatNear;

TEST(Softmax, IsTheShareOfTheExponentials) {
  const Matrix result = softmax(matrix_of({{0, std::log(3.0F)}, {1, 1}}));
  EXPECT_THAT(result.values(), ElementsAre(FloatNear(0.25F, 1e-6F), FloatNear(0.75F, 1e-6F), 0.5F, 0.5F));
}

TEST(Softmax, DividesByTheTemperature) {
  const Matrix result = softmax(matrix_of({{0, 2 * std::log(3.0F)}}), 2);
  EXPECT_THAT(result.values(), ElementsAre(FloatNear(0.25F, 1e-6F), FloatNear(0.75F, 1e-6F)));
}

TEST(Softmax, DoesNotOverflow) {
  EXPECT_THAT(softmax(matrix_of({{1e30F, -1e30F, 1e30F}})).values(), ElementsAre(0.5F, 0, 0.5F));
}

TEST(Argmax, TakesTheLargestAndOfEqualsTheFirst) {
  EXPECT_THAT(argmax(matrix_of({{1, 3, 2}, {5, 4, 5}, {-1, -2, -3}})), ElementsAre(1, 0, 0));
}

TEST(NegativeLogLikelihood, IsTheMeanOfTheLogarithms) {
  const Matrix logits = matrix_of({{0, std::log(3.0F)}, {0, std::log(3.0F)}});
  const int labels[] = {0, 1};
  EXPECT_NEAR(negative_log_likelihood(logits, labels), -(std::log(0.25) + std::log(0.75)) / 2, 1e-6);
  EXPECT_NEAR(negative_log_likelihood(logits, labels, 1e9), std::log(2.0), 1e-6);
}

TEST(NegativeLogLikelihood, StaysFiniteWhereAProbabilityIsZero) {
  const int labels[] = {0};
  EXPECT_NEAR(negative_log_likelihood(matrix_of({{-1000, 1000}}), labels), 2000, 1e-3);
}

TEST(FitTemperature, RecoversAKnownScale) {
  for (const float scale : {0.4F, 1.0F, 2.5F, 6.0F}) {
    Matrix logits = random_matrix(20'000, 4, 7);
    for (float& value : logits.values()) value *= 2;
    const std::vector<int> labels = draw_labels(logits, 8);
    for (float& value : logits.values()) value *= scale;
    EXPECT_NEAR(fit_temperature(logits, labels) / scale, 1, 0.03);
  }
}

TEST(FitTemperature, FindsTheSmallestLoss) {
  const Matrix logits = random_matrix(300, 3, 1);
  const std::vector<int> labels = draw_labels(random_matrix(300, 3, 2), 3);
  const double best = fit_temperature(logits, labels);
  const double loss = negative_log_likelihood(logits, labels, best);
  for (double t = 0.06; t < 20; t *= 1.05) {
    // The one uncertain sample shifts the optimum a little.
    EXPECT_LE(loss, negative_log_likelihood(logits, labels, t) + 1e-3) << t;
  }
}

TEST(FitTemperature, StaysWithinBoundsWhereNoneIsBest) {
  const Matrix logits = matrix_of({{3, 0}, {0, 3}});
  const int wrong[] = {1, 0};
  EXPECT_NEAR(fit_temperature(logits, wrong), std::exp(3), 1e-2);
}

// n samples of two classes, all right by the same margin, and half a sample of either label: the confidence
// is that of n + 1/2 among n + 1.
TEST(FitTemperature, DoesNotTakeASetWithoutMistakesForCertainty) {
  for (const std::size_t n : {2u, 40u, 1000u}) {
    Matrix logits(n, 2);
    std::vector<int> labels(n);
    for (std::size_t i = 0; i < n; ++i) {
      labels[i] = static_cast<int>(i % 2);
      logits.row(i)[i % 2] = 2;
    }
    const Matrix probabilities = softmax(logits, fit_temperature(logits, labels));
    const auto count = static_cast<double>(n);
    EXPECT_NEAR(probabilities.row(0)[0], (count + 0.5) / (count + 1), 1e-4) << n;
  }
}

TEST(FitTemperature, IsOneWithoutSamples) {
  EXPECT_EQ(fit_temperature(Matrix(0, 3), {}), 1);
}

TEST(Reliability, PutsConfidencesIntoBinsThatIncludeTheirUpperEnd) {
  const Matrix probabilities = matrix_of({{0.5F, 0.5F}, {0.25F, 0.75F}, {0.125F, 0.875F}, {0, 1}});
  const int labels[] = {0, 0, 1, 1};
  const std::vector<ReliabilityBin> bins = reliability(probabilities, labels, 4);
  ASSERT_EQ(bins.size(), 4u);
  EXPECT_EQ(bins[0].count, 0u);
  EXPECT_EQ(bins[1].count, 1u);
  EXPECT_EQ(bins[2].count, 1u);
  EXPECT_EQ(bins[3].count, 2u);
  EXPECT_EQ(bins[1].low, 0.25);
  EXPECT_EQ(bins[1].high, 0.5);
  EXPECT_EQ(bins[1].accuracy, 1);
  EXPECT_EQ(bins[2].accuracy, 0);
  EXPECT_EQ(bins[2].confidence, 0.75);
  EXPECT_EQ(bins[3].confidence, 0.9375);
}

TEST(Reliability, HasFifteenEmptyBinsWithoutSamples) {
  const std::vector<ReliabilityBin> bins = reliability(Matrix(0, 2), {});
  EXPECT_EQ(bins.size(), 15u);
  EXPECT_EQ(bins.front().low, 0);
  EXPECT_EQ(bins.back().high, 1);
  EXPECT_EQ(expected_calibration_error(bins), 0);
}

TEST(ExpectedCalibrationError, WeighsTheGapsByTheirCounts) {
  const std::vector<ReliabilityBin> bins = {{0, 0.5, 1, 0.5, 1.0}, {0.5, 1, 3, 0.9, 0.8}};
  EXPECT_NEAR(expected_calibration_error(bins), (1 * 0.5 + 3 * 0.1) / 4, 1e-12);
}

TEST(ExpectedCalibrationError, IsSmallForHonestProbabilitiesAndLargeForBoastful) {
  Matrix logits = random_matrix(20'000, 3, 4);
  const std::vector<int> labels = draw_labels(logits, 5);
  EXPECT_LT(expected_calibration_error(reliability(softmax(logits), labels)), 0.015);
  for (float& value : logits.values()) value *= 4;
  EXPECT_GT(expected_calibration_error(reliability(softmax(logits), labels)), 0.2);
}

}  // namespace
}  // namespace winnow::stats
