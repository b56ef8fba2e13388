#include "winnow/stats/confident_learning.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "unit/stats/samples.hpp"
#include "winnow/core/random.hpp"
#include "winnow/stats/calibration.hpp"
#include "winnow/stats/cross_validation.hpp"

namespace winnow::stats {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr ConfidentLearningOptions kNoFloor{.min_class_size = 0};

// Worked by hand: the means of class 0 are (.9 + .8 + .1) / 3 = .6, of class 1 (.7 + .9) / 2 = .8.
TEST(FindLabelErrors, FollowsTheDefinition) {
  const Matrix p = matrix_of({{0.9F, 0.1F}, {0.8F, 0.2F}, {0.1F, 0.9F}, {0.3F, 0.7F}, {0.1F, 0.9F}});
  const int labels[] = {0, 0, 0, 1, 1};
  const ConfidentLearning result = find_label_errors(p, labels, kNoFloor);
  EXPECT_THAT(result.thresholds, ElementsAre(DoubleNear(0.6, 1e-6), DoubleNear(0.8, 1e-6)));
  // Sample 3 reaches neither threshold and is not counted.
  EXPECT_THAT(result.confident_joint, ElementsAre(2, 1, 0, 1));
  EXPECT_THAT(result.calibrated_joint, ElementsAre(2, 1, 0, 2));
  EXPECT_NEAR(result.noise_rate, 0.2, 1e-9);
  ASSERT_EQ(result.errors.size(), 1u);
  EXPECT_EQ(result.errors[0].sample, 2u);
  EXPECT_EQ(result.errors[0].suggested, 1);
  EXPECT_NEAR(result.errors[0].self_confidence, 0.1, 1e-6);
  EXPECT_NEAR(result.errors[0].margin, 0.1, 1e-6);
}

TEST(FindLabelErrors, TakesTheMostProbableOfSeveralConfidentClasses) {
  // Thresholds: .4, .3, .2; the last sample reaches those of 1 and 2.
  const Matrix p =
      matrix_of({{0.7F, 0.2F, 0.1F}, {0.1F, 0.3F, 0.6F}, {0.4F, 0.4F, 0.2F}, {0.1F, 0.5F, 0.4F}});
  const int labels[] = {0, 1, 2, 0};
  const ConfidentLearning result = find_label_errors(p, labels, kNoFloor);
  ASSERT_FALSE(result.errors.empty());
  EXPECT_EQ(result.errors[0].sample, 3u);
  EXPECT_EQ(result.errors[0].suggested, 1);
}

TEST(FindLabelErrors, RanksTheWorstFirst) {
  const Matrix p = matrix_of(
      {{0.9F, 0.1F}, {0.9F, 0.1F}, {0.3F, 0.7F}, {0.05F, 0.95F}, {0.2F, 0.8F}, {0.2F, 0.8F}, {0.45F, 0.55F}});
  const int labels[] = {0, 0, 0, 0, 0, 1, 1};
  const ConfidentLearning result = find_label_errors(p, labels, kNoFloor);
  std::vector<std::size_t> order;
  for (const LabelError& error : result.errors) order.push_back(error.sample);
  EXPECT_THAT(order, ElementsAre(3, 4, 2));
}

// Crowds of three classes, a tenth of the labels turned: the experiment of the paper in small.
TEST(FindLabelErrors, FindsTurnedLabels) {
  constexpr std::size_t kCount = 600;
  Matrix x = random_matrix(kCount, 20, 1);
  std::vector<int> labels;
  std::vector<int> groups;
  std::set<std::size_t> turned;
  for (std::size_t i = 0; i < kCount; ++i) {
    const auto truth = static_cast<int>(i % 3);
    x.row(i)[static_cast<std::size_t>(truth)] += 6;
    CounterRandom random(8, i);
    const bool turn = random.uniform() < 0.1;
    if (turn) turned.insert(i);
    labels.push_back(turn ? (truth + 1 + static_cast<int>(random.below(2))) % 3 : truth);
    groups.push_back(static_cast<int>(i));
  }
  const Matrix logits = cross_validate(x, labels, groups, 3, {.penalties = {1e-2}}, 1, {}).logits;
  const ConfidentLearning result = find_label_errors(softmax(logits), labels);
  std::size_t right = 0;
  for (const LabelError& error : result.errors) {
    right += turned.contains(error.sample) ? 1 : 0;
    if (turned.contains(error.sample)) {
      EXPECT_EQ(error.suggested, static_cast<int>(error.sample % 3));
    }
  }
  EXPECT_GT(static_cast<double>(right) / static_cast<double>(result.errors.size()), 0.95);
  EXPECT_GT(static_cast<double>(right) / static_cast<double>(turned.size()), 0.7);
  EXPECT_NEAR(result.noise_rate, static_cast<double>(turned.size()) / kCount, 0.03);
}

TEST(FindLabelErrors, CalibratesToTheSizesOfTheClasses) {
  const Matrix logits = random_matrix(97, 4, 2);
  const std::vector<int> labels = draw_labels(logits, 3);
  const ConfidentLearning result = find_label_errors(softmax(logits), labels);
  for (std::size_t a = 0; a < 4; ++a) {
    std::size_t row = 0;
    for (std::size_t b = 0; b < 4; ++b) row += result.calibrated_joint[a * 4 + b];
    EXPECT_EQ(row, static_cast<std::size_t>(std::count(labels.begin(), labels.end(), static_cast<int>(a))));
  }
  EXPECT_GE(result.noise_rate, 0);
  EXPECT_LE(result.noise_rate, 1);
}

TEST(FindLabelErrors, NeverArguesAwayASmallClass) {
  Matrix p(40, 2);
  std::vector<int> labels;
  for (std::size_t i = 0; i < 40; ++i) {
    labels.push_back(i < 8 ? 0 : 1);
    p.row(i)[0] = 0.01F * static_cast<float>(i % 8);
    p.row(i)[1] = 1 - p.row(i)[0];
  }
  EXPECT_LE(find_label_errors(p, labels).errors.size(), 3u);
  for (const LabelError& error : find_label_errors(p, labels).errors) EXPECT_LT(error.sample, 3u);
  EXPECT_THAT(find_label_errors(p, labels, {.min_class_size = 8}).errors, IsEmpty());
}

TEST(FindLabelErrors, HasNothingToSayOfNothing) {
  const ConfidentLearning result = find_label_errors(Matrix(0, 2), {});
  EXPECT_THAT(result.errors, IsEmpty());
  EXPECT_EQ(result.noise_rate, 0);
  EXPECT_THAT(result.thresholds, ElementsAre(2, 2));
}

TEST(FindLabelErrors, HasNothingToSayOfOneClass) {
  const int labels[] = {0, 0, 0};
  const ConfidentLearning result = find_label_errors(matrix_of({{1}, {1}, {1}}), labels, kNoFloor);
  EXPECT_THAT(result.errors, IsEmpty());
  EXPECT_EQ(result.noise_rate, 0);
}

TEST(FindLabelErrors, DoesNotSuggestAClassWithoutSamples) {
  // Nobody is labelled 2: what is called so has no threshold to reach.
  const Matrix p = matrix_of({{0.2F, 0.1F, 0.7F}, {0.2F, 0.1F, 0.7F}, {0.1F, 0.2F, 0.7F}});
  const int labels[] = {0, 0, 1};
  const ConfidentLearning result = find_label_errors(p, labels, kNoFloor);
  for (std::size_t a = 0; a < 2; ++a) EXPECT_EQ(result.confident_joint[a * 3 + 2], 0u);
}

}  // namespace
}  // namespace winnow::stats
