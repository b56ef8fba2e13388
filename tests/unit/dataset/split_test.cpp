#include "winnow/dataset/split.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "winnow/core/error.hpp"
#include "winnow/core/random.hpp"

namespace winnow::dataset {
namespace {

using testing::Each;
using testing::IsEmpty;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Classes of these sizes, each picture a group of its own.
std::vector<SplitItem> singles(const std::vector<int>& class_sizes) {
  std::vector<SplitItem> items;
  for (std::size_t label = 0; label < class_sizes.size(); ++label) {
    for (int i = 0; i < class_sizes[label]; ++i) {
      const auto group = static_cast<int>(items.size());
      items.push_back({static_cast<int>(label), group, "content " + std::to_string(group)});
    }
  }
  return items;
}

// Groups of one to seven pictures, of which some have copies under two labels.
std::vector<SplitItem> grouped(int groups, int classes, std::uint64_t seed) {
  std::vector<SplitItem> items;
  for (int group = 0; group < groups; ++group) {
    CounterRandom random(seed, group);
    const auto label = static_cast<int>(random.below(static_cast<std::uint64_t>(classes)));
    const auto size = static_cast<int>(1 + random.below(7));
    for (int i = 0; i < size; ++i) {
      const bool other = random.below(10) == 0;
      items.push_back({other ? (label + 1) % classes : label, group,
                       "content " + std::to_string(group) + "/" + std::to_string(i)});
    }
  }
  return items;
}

// How many pictures of each class went into each split.
std::map<std::pair<int, Split>, int> count(const std::vector<SplitItem>& items,
                                           const std::vector<Split>& splits) {
  std::map<std::pair<int, Split>, int> counts;
  for (std::size_t i = 0; i < items.size(); ++i) ++counts[{items[i].label, splits[i]}];
  return counts;
}

std::map<std::string, Split> by_content(const std::vector<SplitItem>& items, const SplitOptions& options) {
  const std::vector<Split> splits = assign_splits(items, options);
  std::map<std::string, Split> result;
  for (std::size_t i = 0; i < items.size(); ++i) result[items[i].key] = splits[i];
  return result;
}

TEST(AssignSplits, ComesCloseToTheFractionsOfEveryClass) {
  const std::vector<SplitItem> items = singles({1000, 100, 40});
  auto counts = count(items, assign_splits(items, {.validation = 0.15, .test = 0.2}));
  for (const auto& [label, size] : {std::pair{0, 1000}, {1, 100}, {2, 40}}) {
    EXPECT_NEAR((counts[{label, Split::kValidation}]), 0.15 * size, 1) << label;
    EXPECT_NEAR((counts[{label, Split::kTest}]), 0.2 * size, 1) << label;
  }
}

TEST(AssignSplits, ComesCloseWithGroupsToo) {
  const std::vector<SplitItem> items = grouped(400, 4, 1);
  auto counts = count(items, assign_splits(items, {.validation = 0.1, .test = 0.3}));
  for (int label = 0; label < 4; ++label) {
    const int train = counts[{label, Split::kTrain}];
    const int validation = counts[{label, Split::kValidation}];
    const int test = counts[{label, Split::kTest}];
    const double size = train + validation + test;
    EXPECT_NEAR(validation, 0.1 * size, 3) << label;
    EXPECT_NEAR(test, 0.3 * size, 3) << label;
  }
}

TEST(AssignSplits, KeepsWhatHasAPlace) {
  std::vector<SplitItem> items;
  for (int i = 0; i < 100; ++i) items.push_back({i % 2, i, std::to_string(i)});
  const std::vector<Split> first = assign_splits(items, {});
  for (std::size_t i = 0; i < items.size(); ++i) items[i].before = first[i];
  for (int i = 100; i < 160; ++i) items.push_back({i % 2, i, std::to_string(i)});
  for (const SplitOptions& options :
       {SplitOptions{}, SplitOptions{.seed = 7}, SplitOptions{.validation = 0.4, .test = 0.05}}) {
    const std::vector<Split> second = assign_splits(items, options);
    for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(second[i], first[i]) << i;
  }
}

TEST(AssignSplits, FillsUpWhatIsMissingBesideWhatHasAPlace) {
  std::vector<SplitItem> items;
  for (int i = 0; i < 50; ++i) items.push_back({0, i, std::to_string(i), Split::kTrain});
  for (int i = 50; i < 100; ++i) items.push_back({0, i, std::to_string(i)});
  const std::vector<Split> splits = assign_splits(items, {.validation = 0.2, .test = 0.2});
  EXPECT_EQ(std::count(splits.begin(), splits.end(), Split::kTest), 20);
  EXPECT_EQ(std::count(splits.begin(), splits.end(), Split::kValidation), 20);
}

TEST(AssignSplits, AGroupGoesWhereMostOfItWas) {
  const auto side_of = [](std::vector<std::optional<Split>> before) {
    std::vector<SplitItem> items;
    for (std::size_t i = 0; i < before.size(); ++i) items.push_back({0, 0, std::to_string(i), before[i]});
    return assign_splits(items, {}).front();
  };
  EXPECT_EQ(side_of({Split::kTest, Split::kTest, Split::kTrain, std::nullopt}), Split::kTest);
  EXPECT_EQ(side_of({Split::kTest, Split::kTrain}), Split::kTrain);
  EXPECT_EQ(side_of({std::nullopt, Split::kValidation, std::nullopt}), Split::kValidation);
}

TEST(AssignSplits, AGroupThatWouldFillTheTestIsForTraining) {
  std::vector<SplitItem> items;
  for (int i = 0; i < 12; ++i) items.push_back({0, 0, "a" + std::to_string(i)});
  for (int i = 0; i < 12; ++i) items.push_back({0, 1, "b" + std::to_string(i)});
  for (int i = 2; i < 8; ++i) items.push_back({0, i, std::to_string(i)});
  const std::vector<Split> splits = assign_splits(items, {});
  EXPECT_EQ(splits[0], Split::kTrain);
  EXPECT_EQ(splits[12], Split::kTrain);
  EXPECT_GT(std::count(splits.begin(), splits.end(), Split::kTest), 0);
}

TEST(AssignSplits, NeverTearsAGroup) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::vector<SplitItem> items = grouped(60, 3, seed);
    const std::vector<Split> splits = assign_splits(items, {.seed = seed});
    std::map<int, std::set<Split>> of_group;
    for (std::size_t i = 0; i < items.size(); ++i) of_group[items[i].group].insert(splits[i]);
    for (const auto& [group, found] : of_group) EXPECT_EQ(found.size(), 1u) << group;
  }
}

TEST(AssignSplits, DependsOnNeitherOrderNorNumbers) {
  std::vector<SplitItem> items = grouped(100, 3, 5);
  const std::map<std::string, Split> before = by_content(items, {});
  std::sort(items.begin(), items.end(), [](const SplitItem& a, const SplitItem& b) {
    return mix_bits(std::hash<std::string>()(a.key)) < mix_bits(std::hash<std::string>()(b.key));
  });
  for (SplitItem& item : items) item.group = 1000 - item.group * 7;
  EXPECT_EQ(by_content(items, {}), before);
}

TEST(AssignSplits, DependsOnTheSeed) {
  const std::vector<SplitItem> items = singles({100});
  EXPECT_EQ(assign_splits(items, {.seed = 3}), assign_splits(items, {.seed = 3}));
  EXPECT_NE(assign_splits(items, {.seed = 3}), assign_splits(items, {.seed = 4}));
}

TEST(AssignSplits, DependsOnTheContent) {
  std::vector<SplitItem> items = singles({100});
  const std::vector<Split> before = assign_splits(items, {});
  for (SplitItem& item : items) item.key = "other " + item.key;
  EXPECT_NE(assign_splits(items, {}), before);
}

TEST(AssignSplits, FillsTheSplitsOfTinyClassesInTurn) {
  const auto sizes_of = [](int size) {
    auto counts = count(singles({size}), assign_splits(singles({size}), {.validation = 0.15, .test = 0.2}));
    return std::vector{counts[{0, Split::kTrain}], counts[{0, Split::kTest}],
                       counts[{0, Split::kValidation}]};
  };
  EXPECT_EQ(sizes_of(1), (std::vector{1, 0, 0}));
  EXPECT_EQ(sizes_of(2), (std::vector{2, 0, 0}));
  EXPECT_EQ(sizes_of(3), (std::vector{2, 1, 0}));
  EXPECT_EQ(sizes_of(4), (std::vector{2, 1, 1}));
}

TEST(AssignSplits, NeverEmptiesTheTrainingOfAClass) {
  for (int size = 1; size <= 30; ++size) {
    for (const double test : {0.1, 0.4}) {
      const std::vector<SplitItem> items = singles({size, 500});
      auto counts = count(items, assign_splits(items, {.validation = 0.2, .test = test}));
      EXPECT_GT((counts[{0, Split::kTrain}]), 0) << size;
    }
  }
}

TEST(AssignSplits, LearnsFromTheOnlyGroupThereIs) {
  std::vector<SplitItem> items = singles({50});
  for (SplitItem& item : items) item.group = 1;
  EXPECT_THAT(assign_splits(items, {}), Each(Split::kTrain));
}

TEST(AssignSplits, LeavesOutSplitsNobodyWants) {
  const std::vector<SplitItem> items = singles({50, 3});
  EXPECT_THAT(assign_splits(items, {.validation = 0, .test = 0}), Each(Split::kTrain));
  EXPECT_THAT(assign_splits(items, {.validation = 0, .test = 0.3}), Each(testing::Ne(Split::kValidation)));
  EXPECT_THAT(assign_splits(items, {.validation = 0.3, .test = 0}), Each(testing::Ne(Split::kTest)));
}

TEST(AssignSplits, HasNothingToDoWithoutItems) {
  EXPECT_THAT(assign_splits({}, {}), IsEmpty());
}

TEST(AssignSplits, RefusesFractionsThatLeaveNothingToTrainOn) {
  const SplitOptions impossible[] = {{.validation = -0.1, .test = 0.2}, {.validation = 0.1, .test = -0.2},
                                     {.validation = 0.5, .test = 0.5},  {.validation = 1, .test = 0},
                                     {.validation = 0, .test = 7},      {.validation = kNan, .test = 0.2},
                                     {.validation = 0.1, .test = kNan}, {.validation = 0, .test = INFINITY}};
  for (const SplitOptions& options : impossible) {
    try {
      (void)assign_splits(singles({10}), options);
      ADD_FAILURE() << options.validation << ", " << options.test;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    }
  }
}

}  // namespace
}  // namespace winnow::dataset
