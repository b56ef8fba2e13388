#include "winnow/stats/conformal.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "winnow/core/random.hpp"
#include "winnow/stats/calibration.hpp"

namespace winnow::stats {
namespace {

struct Labelled {
  Matrix probabilities;
  std::vector<int> labels;
};

// Logits with a bump on the true class, as a middling network gives them.
Labelled draw(std::size_t n, std::size_t classes, std::uint64_t seed) {
  CounterRandom random(seed);
  Matrix logits(n, classes);
  std::vector<int> labels;
  for (std::size_t i = 0; i < n; ++i) {
    labels.push_back(static_cast<int>(random.below(classes)));
    for (float& value : logits.row(i)) value = static_cast<float>(4 * random.uniform());
    logits.row(i)[static_cast<std::size_t>(labels.back())] += static_cast<float>(3 * random.uniform());
  }
  return {softmax(logits), labels};
}

TEST(Conformal, TakesTheRankThatTheTheoremAsksFor) {
  // Nine samples whose true class has 0.1, 0.2, ..., 0.9: rank ceil(10 * 0.9) = 9 is the lowest of them.
  Matrix probabilities(9, 2);
  for (std::size_t i = 0; i < 9; ++i) {
    probabilities.row(i)[0] = 0.1F * static_cast<float>(i + 1);
    probabilities.row(i)[1] = 1 - probabilities.row(i)[0];
  }
  const std::vector<int> labels(9, 0);
  EXPECT_FLOAT_EQ(conformal_threshold(probabilities, labels, 0.9).value(), 0.1F);
  EXPECT_FLOAT_EQ(conformal_threshold(probabilities, labels, 0.8).value(), 0.2F);
  EXPECT_FLOAT_EQ(conformal_threshold(probabilities, labels, 0.5).value(), 0.5F);
}

TEST(Conformal, TooFewSamplesPromiseNothing) {
  const Labelled eight = draw(8, 3, 1);
  EXPECT_FALSE(conformal_threshold(eight.probabilities, eight.labels, 0.9));
  EXPECT_TRUE(conformal_threshold(eight.probabilities, eight.labels, 0.8));
  EXPECT_FALSE(conformal_threshold(Matrix(0, 3), {}, 0.5));
}

TEST(Conformal, CountsWhatReachesTheThreshold) {
  Matrix probabilities(3, 3);
  const float rows[3][3] = {{0.7F, 0.2F, 0.1F}, {0.4F, 0.35F, 0.25F}, {0.3F, 0.3F, 0.4F}};
  for (std::size_t i = 0; i < 3; ++i) std::copy(rows[i], rows[i] + 3, probabilities.row(i).begin());
  const std::vector<int> labels = {0, 1, 0};
  const SetCounts counts = count_sets(probabilities, labels, 0.35F);
  EXPECT_EQ(counts.covered, 2u);  // the second's 0.35 reaches it, the third's 0.3 does not
  EXPECT_EQ(counts.classes, 4u);  // {0}, {0, 1}, {2}
}

// Over random splits the share of covered pictures is beta-binomial around (n + 1) * coverage / (n + 1); with
// 200 splits its mean lies within a few standard errors.
class ConformalCoverage : public testing::TestWithParam<double> {};

TEST_P(ConformalCoverage, HoldsOverRandomSplits) {
  constexpr std::size_t kCalibration = 199;
  constexpr std::size_t kTest = 400;
  constexpr int kSplits = 200;
  const double coverage = GetParam();
  double mean = 0;
  for (int split = 0; split < kSplits; ++split) {
    const Labelled all = draw(kCalibration + kTest, 5, static_cast<std::uint64_t>(split) + 1);
    std::vector<std::size_t> rows(kTest);
    for (std::size_t i = 0; i < kTest; ++i) rows[i] = kCalibration + i;
    std::vector<std::size_t> first(kCalibration);
    for (std::size_t i = 0; i < kCalibration; ++i) first[i] = i;
    const std::span<const int> labels(all.labels);
    const float threshold =
        conformal_threshold(all.probabilities.select(first), labels.first(kCalibration), coverage).value();
    const SetCounts counts = count_sets(all.probabilities.select(rows), labels.last(kTest), threshold);
    mean += static_cast<double>(counts.covered) / kTest / kSplits;
  }
  const double rank = std::ceil((kCalibration + 1) * coverage - 1e-9);
  const double expected = rank / (kCalibration + 1);
  // Of one split: the binomial variance of the test pictures and the beta variance of the threshold.
  const double variance = coverage * (1 - coverage) * (1.0 / kTest + 1.0 / (kCalibration + 2));
  EXPECT_NEAR(mean, expected, 4 * std::sqrt(variance / kSplits));
  EXPECT_GT(mean, coverage - 4 * std::sqrt(variance / kSplits));
}

INSTANTIATE_TEST_SUITE_P(Levels, ConformalCoverage, testing::Values(0.5, 0.8, 0.9, 0.95));

}  // namespace
}  // namespace winnow::stats
