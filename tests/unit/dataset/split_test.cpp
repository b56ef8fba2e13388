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
  const std::vector<SplitItem> items = singles({10000, 1000, 400});
  auto counts = count(items, assign_splits(items, {.validation = 0.15, .test = 0.2}));
  for (const auto& [label, size] : {std::pair{0, 10000}, {1, 1000}, {2, 400}}) {
    const auto deviation = [&](double fraction) { return std::sqrt(size * fraction * (1 - fraction)); };
    EXPECT_NEAR((counts[{label, Split::kValidation}]), 0.15 * size, 3 * deviation(0.15)) << label;
    EXPECT_NEAR((counts[{label, Split::kTest}]), 0.2 * size, 3 * deviation(0.2)) << label;
  }
}

TEST(AssignSplits, ComesCloseWithGroupsToo) {
  const std::vector<SplitItem> items = grouped(2000, 4, 1);
  auto counts = count(items, assign_splits(items, {.validation = 0.1, .test = 0.3}));
  for (int label = 0; label < 4; ++label) {
    const double train = counts[{label, Split::kTrain}];
    const double validation = counts[{label, Split::kValidation}];
    const double test = counts[{label, Split::kTest}];
    const double size = train + validation + test;
    EXPECT_NEAR(validation / size, 0.1, 0.06) << label;
    EXPECT_NEAR(test / size, 0.3, 0.08) << label;
  }
}

// The promise: what was there before stays where it was.
TEST(AssignSplits, AddingPicturesMovesNoneOfTheOldOnes) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::vector<SplitItem> items = grouped(300, 3, seed);
    const std::map<std::string, Split> before = by_content(items, {.seed = seed});
    for (int added = 1; added <= 200; ++added) {
      items.push_back({added % 4, 1000 + added / 2, "added " + std::to_string(added)});
    }
    const std::map<std::string, Split> after = by_content(items, {.seed = seed});
    for (const auto& [key, split] : before) EXPECT_EQ(after.at(key), split) << key;
  }
}

TEST(AssignSplits, AGroupThatGrowsStaysWhereItsLeastKeyPutsIt) {
  std::vector<SplitItem> items = grouped(200, 2, 3);
  const std::map<std::string, Split> before = by_content(items, {});
  const std::size_t old = items.size();
  for (std::size_t i = 0; i < old; i += 5)
    items.push_back({items[i].label, items[i].group, "later " + items[i].key});
  const std::map<std::string, Split> after = by_content(items, {});
  for (const auto& [key, split] : before) EXPECT_EQ(after.at(key), split) << key;
}

TEST(AssignSplits, SmallClassesMoveLittleAsTheyGrow) {
  // A repair can be undone when the class has grown; that is rare, and stops early.
  std::size_t moved = 0;
  std::size_t looked_at = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    std::map<std::string, Split> before;
    for (int size = 4; size <= 40; ++size) {
      const std::map<std::string, Split> now = by_content(singles({size}), {.seed = seed});
      for (const auto& [key, split] : before) {
        ++looked_at;
        moved += now.at(key) != split ? 1 : 0;
      }
      before = now;
    }
  }
  EXPECT_LT(static_cast<double>(moved) / static_cast<double>(looked_at), 0.01);
}

TEST(AssignSplits, EverySideHoldsHalfOfItsShareInASmallClass) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const std::vector<SplitItem> items = singles({20});
    auto counts = count(items, assign_splits(items, {.validation = 0.2, .test = 0.2, .seed = seed}));
    EXPECT_GE((counts[{0, Split::kTrain}]), 3) << seed;
    EXPECT_GE((counts[{0, Split::kTest}]), 2) << seed;
    EXPECT_GE((counts[{0, Split::kValidation}]), 2) << seed;
  }
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
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    for (int size = 1; size <= 6; ++size) {
      const std::vector<SplitItem> items = singles({size});
      auto counts = count(items, assign_splits(items, {.validation = 0.15, .test = 0.2, .seed = seed}));
      EXPECT_GE((counts[{0, Split::kTrain}]), 1) << size;
      if (size >= 3) {
        EXPECT_GE((counts[{0, Split::kTest}]), 1) << size;
      }
      if (size >= 4) {
        EXPECT_GE((counts[{0, Split::kValidation}]), 1) << size;
      }
    }
  }
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

TEST(AssignSplits, AGroupThatWouldFillTheTestIsForTraining) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    std::vector<SplitItem> items = singles({60});
    for (std::size_t i = 0; i < 20; ++i) items[i].group = 1000;
    const std::vector<Split> splits = assign_splits(items, {.validation = 0.15, .test = 0.2, .seed = seed});
    EXPECT_EQ(splits[0], Split::kTrain) << seed;
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
