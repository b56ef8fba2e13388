#include "winnow/stats/cross_validation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "unit/stats/samples.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/random.hpp"
#include "winnow/stats/calibration.hpp"

namespace winnow::stats {
namespace {

std::vector<int> own_groups(std::size_t count) {
  std::vector<int> groups(count);
  for (std::size_t i = 0; i < count; ++i) groups[i] = static_cast<int>(i);
  return groups;
}

// Two crowds on either side of the first axis.
Matrix two_crowds(std::size_t count, std::vector<int>& labels) {
  Matrix x = random_matrix(count, 4, 1);
  for (std::size_t i = 0; i < count; ++i) {
    labels.push_back(static_cast<int>(i % 2));
    x.row(i)[0] += i % 2 == 0 ? -3.0F : 3.0F;
  }
  return x;
}

TEST(DealFolds, GivesEveryFoldItsShareOfEveryClass) {
  std::vector<int> labels;
  for (int i = 0; i < 150; ++i) labels.push_back(i < 100 ? 0 : 1);
  const std::vector<std::size_t> folds = deal_folds(labels, own_groups(150), 5, 7);
  std::map<std::pair<int, std::size_t>, int> counts;
  for (std::size_t i = 0; i < folds.size(); ++i) ++counts[{labels[i], folds[i]}];
  for (std::size_t fold = 0; fold < 5; ++fold) {
    EXPECT_EQ((counts[{0, fold}]), 20) << fold;
    EXPECT_EQ((counts[{1, fold}]), 10) << fold;
  }
}

TEST(DealFolds, KeepsGroupsTogetherEvenAcrossClasses) {
  std::vector<int> labels;
  std::vector<int> groups;
  for (int i = 0; i < 200; ++i) {
    labels.push_back(i % 3);
    groups.push_back(i / 4);
  }
  const std::vector<std::size_t> folds = deal_folds(labels, groups, 5, 1);
  std::map<int, std::set<std::size_t>> of_group;
  for (std::size_t i = 0; i < folds.size(); ++i) of_group[groups[i]].insert(folds[i]);
  for (const auto& [group, found] : of_group) EXPECT_EQ(found.size(), 1u) << group;
}

TEST(DealFolds, DependsOnTheSeed) {
  const std::vector<int> labels(40, 0);
  EXPECT_EQ(deal_folds(labels, own_groups(40), 5, 1), deal_folds(labels, own_groups(40), 5, 1));
  EXPECT_NE(deal_folds(labels, own_groups(40), 5, 1), deal_folds(labels, own_groups(40), 5, 2));
}

TEST(CrossValidate, TellsCrowdsApartThatItHasNotSeen) {
  std::vector<int> labels;
  const Matrix x = two_crowds(100, labels);
  const CrossValidation result = cross_validate(x, labels, own_groups(100), 2, {}, 1, {});
  ASSERT_EQ(result.steps.size(), 6u);
  EXPECT_GE(result.steps[result.best].accuracy, 0.97);
  EXPECT_EQ(result.logits.rows(), 100u);
  EXPECT_EQ(result.logits.columns(), 2u);
  for (const PenaltyStep& step : result.steps) EXPECT_GE(step.nll, result.steps[result.best].nll);
  EXPECT_NEAR(negative_log_likelihood(result.logits, labels), result.steps[result.best].nll, 1e-9);
}

TEST(CrossValidate, ACopyDoesNotVouchForItsTwin) {
  // Labels are coin tosses shared by twins: only a head that has seen the twin could know them.
  Matrix x = random_matrix(200, 300, 3);
  std::vector<int> labels;
  std::vector<int> groups;
  for (std::size_t i = 0; i < 200; ++i) {
    if (i % 2 == 1) std::copy(x.row(i - 1).begin(), x.row(i - 1).end(), x.row(i).begin());
    labels.push_back(static_cast<int>(CounterRandom(5, i / 2).below(2)));
    groups.push_back(static_cast<int>(i / 2));
  }
  const CrossValidationOptions options{.penalties = {1e-3}};
  EXPECT_NEAR(cross_validate(x, labels, groups, 2, options, 1, {}).steps[0].accuracy, 0.5, 0.15);
  EXPECT_GT(cross_validate(x, labels, own_groups(200), 2, options, 1, {}).steps[0].accuracy, 0.75);
}

TEST(CrossValidate, PredictsForAllWhereItFitsOnSome) {
  std::vector<int> labels;
  const Matrix x = two_crowds(900, labels);
  const CrossValidationOptions options{.penalties = {1e-2}, .max_fit_samples = 60};
  EXPECT_GE(cross_validate(x, labels, own_groups(900), 2, options, 1, {}).steps[0].accuracy, 0.97);
}

TEST(CrossValidate, CountsItsFits) {
  std::vector<int> labels;
  const Matrix x = two_crowds(30, labels);
  int fits = 0;
  (void)cross_validate(x, labels, own_groups(30), 2, {.folds = 3, .penalties = {1e-2, 1e-3}}, 1, {},
                       [&] { ++fits; });
  EXPECT_EQ(fits, 6);
}

TEST(CrossValidate, KnowsNothingOfTheOnlyGroupThereIs) {
  std::vector<int> labels;
  const Matrix x = two_crowds(10, labels);
  const CrossValidation result = cross_validate(x, labels, std::vector<int>(10, 3), 2, {}, 1, {});
  EXPECT_THAT(result.logits.values(), testing::Each(0));
}

TEST(CrossValidate, SurvivesOneSample) {
  const Matrix x = random_matrix(1, 4, 1);
  const int label[] = {1};
  const int group[] = {0};
  EXPECT_EQ(cross_validate(x, label, group, 2, {}, 1, {}).logits.rows(), 1u);
}

TEST(CrossValidate, CanBeStopped) {
  std::stop_source source;
  source.request_stop();
  std::vector<int> labels;
  const Matrix x = two_crowds(20, labels);
  EXPECT_THROW((void)cross_validate(x, labels, own_groups(20), 2, {}, 1, source.get_token()), Error);
}

}  // namespace
}  // namespace winnow::stats
