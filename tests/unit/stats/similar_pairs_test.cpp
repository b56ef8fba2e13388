#include "winnow/stats/similar_pairs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

#include "unit/stats/samples.hpp"
#include "winnow/core/error.hpp"
#include "winnow/stats/neighbours.hpp"

namespace winnow::stats {
namespace {

using testing::IsEmpty;

using Pairs = std::map<std::pair<std::size_t, std::size_t>, float>;

std::vector<std::size_t> all_rows(const Matrix& units) {
  std::vector<std::size_t> rows(units.rows());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

Pairs pairs_of(const Matrix& units, const SimilarPairOptions& options, unsigned threads = 2) {
  Pairs pairs;
  const std::vector<std::size_t> rows = all_rows(units);
  for_each_similar_pair(units, rows, options, threads, {}, [&](std::size_t i, std::size_t j, float cosine) {
    EXPECT_TRUE(pairs.emplace(std::pair(i, j), cosine).second) << i << ", " << j << " came twice";
  });
  return pairs;
}

// Rows of which each has a copy `rows / 2` later, at a cosine between about 0.8 and 1.
Matrix with_copies(std::size_t rows, std::size_t width) {
  Matrix units = random_matrix(rows, width, 4);
  const Matrix noise = random_matrix(rows, width, 5);
  for (std::size_t i = 0; i < rows / 2; ++i) {
    const float strength = 0.75F * static_cast<float>(i) / static_cast<float>(rows / 2);
    for (std::size_t c = 0; c < width; ++c) {
      units.row(i + rows / 2)[c] = units.row(i)[c] + strength * noise.row(i)[c];
    }
  }
  normalise_rows(units);
  return units;
}

TEST(ForEachSimilarPair, FindsThePairsThatReachTheCosine) {
  const Matrix units = matrix_of({{1, 0}, {0.8F, 0.6F}, {0, 1}, {0.6F, 0.8F}});
  const Pairs pairs = pairs_of(units, {.cosine = 0.79F});
  ASSERT_EQ(pairs.size(), 3u);
  EXPECT_NEAR(pairs.at({0, 1}), 0.8, 1e-6);
  EXPECT_NEAR(pairs.at({1, 3}), 0.96, 1e-6);
  EXPECT_NEAR(pairs.at({2, 3}), 0.8, 1e-6);
}

TEST(ForEachSimilarPair, SketchesFindWhatMultiplyingFinds) {
  for (const std::size_t width : {64u, 300u}) {
    const Matrix units = with_copies(1500, width);
    for (const float cosine : {0.85F, 0.9F, 0.97F}) {
      const Pairs exact = pairs_of(units, {.cosine = cosine, .sketch_from = 1u << 30});
      EXPECT_GT(exact.size(), 100u);
      EXPECT_LT(exact.size(), 1000u);
      EXPECT_EQ(pairs_of(units, {.cosine = cosine, .sketch_from = 0}), exact) << width << ", " << cosine;
    }
  }
}

TEST(ForEachSimilarPair, ComparesOnlyTheRowsChosen) {
  const Matrix units = matrix_of({{1, 0}, {1, 0}, {0, 1}, {1, 0}});
  const std::size_t rows[] = {3, 2, 0};
  for (const std::size_t sketch_from : {0u, 1000u}) {
    Pairs pairs;
    for_each_similar_pair(units, rows, {.sketch_from = sketch_from}, 1, {},
                          [&](std::size_t i, std::size_t j, float cosine) {
                            pairs[{i, j}] = cosine;
                          });
    EXPECT_EQ(pairs, (Pairs{{{0, 2}, 1.0F}}));
  }
}

TEST(ForEachSimilarPair, GivesTheSameForAnyNumberOfThreads) {
  const Matrix units = with_copies(400, 32);
  for (const std::size_t sketch_from : {0u, 1000u}) {
    EXPECT_EQ(pairs_of(units, {.cosine = 0.9F, .sketch_from = sketch_from}, 1),
              pairs_of(units, {.cosine = 0.9F, .sketch_from = sketch_from}, 4));
  }
}

TEST(ForEachSimilarPair, PassesOverRowsOfZeros) {
  for (const std::size_t sketch_from : {0u, 1000u}) {
    EXPECT_THAT(pairs_of(Matrix(5, 8), {.cosine = 0.5F, .sketch_from = sketch_from}), IsEmpty());
  }
}

TEST(ForEachSimilarPair, PassesOverWhatIsNoNumber) {
  Matrix units(3, 2);
  for (float& value : units.values()) value = NAN;
  for (const std::size_t sketch_from : {0u, 1000u}) {
    EXPECT_THAT(pairs_of(units, {.cosine = 0.5F, .sketch_from = sketch_from}), IsEmpty());
  }
}

TEST(ForEachSimilarPair, HasNothingToDoForNoneAndOne) {
  for (const std::size_t sketch_from : {0u, 1000u}) {
    EXPECT_THAT(pairs_of(Matrix(0, 8), {.sketch_from = sketch_from}), IsEmpty());
    EXPECT_THAT(pairs_of(matrix_of({{1, 0}}), {.sketch_from = sketch_from}), IsEmpty());
  }
}

TEST(ForEachSimilarPair, CanBeStopped) {
  std::stop_source source;
  source.request_stop();
  const Matrix units = with_copies(100, 8);
  for (const std::size_t sketch_from : {0u, 1000u}) {
    EXPECT_THROW(for_each_similar_pair(units, all_rows(units), {.sketch_from = sketch_from}, 2,
                                       source.get_token(), [](std::size_t, std::size_t, float) {}),
                 Error);
  }
}

}  // namespace
}  // namespace winnow::stats
