#include "winnow/stats/outliers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "unit/stats/samples.hpp"
#include "winnow/core/error.hpp"
#include "winnow/stats/neighbours.hpp"

namespace winnow::stats {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAreArray;

std::vector<int> own_groups(std::size_t count) {
  std::vector<int> groups(count);
  for (std::size_t i = 0; i < count; ++i) groups[i] = static_cast<int>(i);
  return groups;
}

// Two crowds of 100, and `strangers` that belong to neither.
Matrix crowds_and(std::size_t strangers) {
  Matrix all = random_matrix(200 + strangers, 40, 1);
  for (std::size_t i = 0; i < 200; ++i) all.row(i)[i % 2] += 20;
  normalise_rows(all);
  return all;
}

TEST(FindOutliers, FindsThoseThatBelongNowhere) {
  const Matrix all = crowds_and(5);
  const Outliers result = find_outliers(all, own_groups(205), {}, 2, {});
  // At the edge of a crowd one may stand apart too, but never as far.
  ASSERT_GE(result.samples.size(), 5u);
  EXPECT_LE(result.samples.size(), 7u);
  EXPECT_THAT(std::vector(result.samples.begin(), result.samples.begin() + 5),
              UnorderedElementsAreArray({200, 201, 202, 203, 204}));
  for (std::size_t i = 0; i < 200; ++i) EXPECT_GT(result.scores[i], result.scores[200]);
}

TEST(FindOutliers, ListsTheFarthestFirst) {
  const Outliers result = find_outliers(crowds_and(5), own_groups(205), {}, 2, {});
  EXPECT_TRUE(std::is_sorted(result.samples.begin(), result.samples.end(), [&](std::size_t a, std::size_t b) {
    return result.distances[a] > result.distances[b];
  }));
}

TEST(FindOutliers, ACopyIsNoNeighbour) {
  Matrix all = crowds_and(12);
  std::vector<int> groups = own_groups(212);
  for (std::size_t i = 201; i < 212; ++i) {
    std::copy(all.row(200).begin(), all.row(200).end(), all.row(i).begin());
    groups[i] = 200;
  }
  const auto count_outliers = [&](const std::vector<int>& of_groups) {
    const Outliers result = find_outliers(all, of_groups, {}, 2, {});
    return std::count_if(result.samples.begin(), result.samples.end(),
                         [](std::size_t i) { return i >= 200; });
  };
  EXPECT_EQ(count_outliers(groups), 12);
  EXPECT_EQ(count_outliers(own_groups(212)), 0);
}

TEST(FindOutliers, MeasuresTheMeanCosineDistance) {
  const Matrix units = matrix_of({{1, 0}, {0, 1}, {-1, 0}});
  const Outliers result = find_outliers(units, own_groups(3), {.neighbours = 2}, 1, {});
  EXPECT_THAT(result.distances, ElementsAre(1.5F, 1, 1.5F));
}

TEST(FindOutliers, IsNotTooSureWhereAllIsAlike) {
  const Outliers result = find_outliers(Matrix(20, 3), own_groups(20), {}, 1, {});
  EXPECT_THAT(result.samples, IsEmpty());
  Matrix same(20, 3);
  for (std::size_t i = 0; i < 20; ++i) same.row(i)[0] = 1;
  const Outliers none = find_outliers(same, own_groups(20), {}, 1, {});
  EXPECT_THAT(none.samples, IsEmpty());
  EXPECT_THAT(none.scores, Each(1));
}

TEST(FindOutliers, LooksAmongASampleOfVeryMany) {
  const Matrix all = crowds_and(5);
  const Outliers result = find_outliers(all, own_groups(205), {.max_references = 60}, 2, {});
  for (const std::size_t stranger : {200u, 201u, 202u, 203u, 204u}) {
    EXPECT_THAT(result.samples, testing::Contains(stranger));
  }
  EXPECT_LE(result.samples.size(), 8u);
}

TEST(FindOutliers, DoesNotDependOnTheNumberOfThreads) {
  const Matrix all = crowds_and(5);
  EXPECT_EQ(find_outliers(all, own_groups(205), {}, 1, {}).distances,
            find_outliers(all, own_groups(205), {}, 4, {}).distances);
}

TEST(FindOutliers, HasNothingToSayOfNoneAndOne) {
  EXPECT_THAT(find_outliers(Matrix(0, 3), {}, {}, 1, {}).samples, IsEmpty());
  const int group[] = {0};
  const Outliers one = find_outliers(matrix_of({{1, 0}}), group, {}, 1, {});
  EXPECT_THAT(one.samples, IsEmpty());
  EXPECT_THAT(one.distances, ElementsAre(0));
}

TEST(FindOutliers, CanBeStopped) {
  std::stop_source source;
  source.request_stop();
  EXPECT_THROW((void)find_outliers(crowds_and(0), own_groups(200), {}, 1, source.get_token()), Error);
}

}  // namespace
}  // namespace winnow::stats
