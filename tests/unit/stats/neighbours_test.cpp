#include "winnow/stats/neighbours.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "unit/stats/samples.hpp"
#include "winnow/core/error.hpp"

namespace winnow::stats {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::FloatNear;

// Unit vectors at these angles, in degrees.
Matrix at_angles(const std::vector<float>& degrees) {
  Matrix matrix(degrees.size(), 2);
  for (std::size_t i = 0; i < degrees.size(); ++i) {
    const float angle = degrees[i] * 3.14159265F / 180;
    matrix.row(i)[0] = std::cos(angle);
    matrix.row(i)[1] = std::sin(angle);
  }
  return matrix;
}

TEST(NormaliseRows, MakesUnitVectors) {
  Matrix matrix = matrix_of({{3, 4}, {0, -2}, {1e-6F, 0}});
  normalise_rows(matrix);
  EXPECT_THAT(matrix.values(), ElementsAre(FloatNear(0.6F, 1e-6F), FloatNear(0.8F, 1e-6F), 0, -1, 1, 0));
}

TEST(NormaliseRows, LeavesZerosAlone) {
  Matrix matrix(1, 5);
  normalise_rows(matrix);
  EXPECT_THAT(matrix.values(), Each(0));
}

TEST(KthSimilarity, IsTheCosineToTheKthNearest) {
  const Matrix queries = at_angles({0, 90});
  const Matrix references = at_angles({60, 0, 180});
  const int groups[] = {0, 1};
  const int others[] = {5, 6, 7};
  EXPECT_THAT(kth_similarity(queries, groups, references, others, 1, 1, {}),
              ElementsAre(FloatNear(1, 1e-6F), FloatNear(std::sqrt(0.75F), 1e-6F)));
  EXPECT_THAT(kth_similarity(queries, groups, references, others, 2, 1, {}),
              ElementsAre(FloatNear(0.5F, 1e-6F), FloatNear(0, 1e-6F)));
  EXPECT_THAT(kth_similarity(queries, groups, references, others, 3, 1, {}),
              ElementsAre(FloatNear(-1, 1e-6F), FloatNear(0, 1e-6F)));
}

TEST(KthSimilarity, DoesNotCountTheOwnGroup) {
  const Matrix pictures = at_angles({0, 0, 60});
  const int groups[] = {4, 4, 5};
  EXPECT_THAT(kth_similarity(pictures, groups, pictures, groups, 1, 1, {}),
              ElementsAre(FloatNear(0.5F, 1e-6F), FloatNear(0.5F, 1e-6F), FloatNear(0.5F, 1e-6F)));
}

TEST(KthSimilarity, IsMinusOneWithoutEnoughReferences) {
  const Matrix queries = at_angles({0});
  const Matrix references = at_angles({0, 10, 20});
  const int group[] = {2};
  const int groups[] = {0, 1, 2};
  EXPECT_THAT(kth_similarity(queries, group, references, groups, 3, 1, {}), ElementsAre(-1));
  EXPECT_THAT(kth_similarity(queries, group, references, groups, 4, 1, {}), ElementsAre(-1));
  EXPECT_THAT(kth_similarity(queries, group, Matrix(0, 2), {}, 1, 1, {}), ElementsAre(-1));
}

TEST(KthSimilarity, FindsPlantedOutliers) {
  constexpr std::size_t kInside = 200;
  constexpr std::size_t kWidth = 33;
  Matrix all = random_matrix(kInside + 10, kWidth, 1);
  for (std::size_t i = 0; i < all.rows(); ++i) {
    // Two crowds, and ten that belong to neither.
    if (i < kInside) all.row(i)[i % 2] += 20;
  }
  normalise_rows(all);
  std::vector<int> groups(all.rows());
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = static_cast<int>(i);
  const std::vector<float> similarity = kth_similarity(all, groups, all, groups, 10, 2, {});
  const float lowest_inside = *std::min_element(similarity.begin(), similarity.begin() + kInside);
  const float highest_outside = *std::max_element(similarity.begin() + kInside, similarity.end());
  EXPECT_GT(lowest_inside, highest_outside + 0.1F);
}

TEST(KthSimilarity, DoesNotDependOnTheNumberOfThreads) {
  Matrix all = random_matrix(100, 17, 1);
  normalise_rows(all);
  const std::vector<int> groups(100, 0);
  const std::vector<int> others(100, 1);
  EXPECT_EQ(kth_similarity(all, groups, all, others, 5, 1, {}),
            kth_similarity(all, groups, all, others, 5, 4, {}));
}

TEST(KthSimilarity, CanBeStopped) {
  std::stop_source source;
  source.request_stop();
  const Matrix one = at_angles({0});
  const int group[] = {0};
  EXPECT_THROW((void)kth_similarity(one, group, one, group, 1, 1, source.get_token()), Error);
}

TEST(Quantile, LiesBetweenTheSamples) {
  const std::vector<float> samples = {30, 10, 20, 40, 50};
  EXPECT_EQ(quantile(samples, 0), 10);
  EXPECT_EQ(quantile(samples, 1), 50);
  EXPECT_EQ(quantile(samples, 0.5), 30);
  EXPECT_FLOAT_EQ(quantile(samples, 0.05), 12);
  EXPECT_FLOAT_EQ(quantile(samples, 0.875), 45);
}

TEST(Quantile, OfOneSampleIsThatSample) {
  EXPECT_EQ(quantile({7}, 0.3), 7);
}

TEST(Quantile, OfNothingIsZero) {
  EXPECT_EQ(quantile({}, 0.5), 0);
}

TEST(Quantile, StaysWithinTheSamples) {
  EXPECT_EQ(quantile({1, 2}, -0.5), 1);
  EXPECT_EQ(quantile({1, 2}, 1.5), 2);
}

}  // namespace
}  // namespace winnow::stats
