#include "winnow/stats/matrix.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/stats/samples.hpp"

namespace winnow::stats {
namespace {

using testing::ElementsAre;

TEST(Matrix, StartsAtZero) {
  const Matrix matrix(2, 3);
  EXPECT_THAT(matrix.values(), ElementsAre(0, 0, 0, 0, 0, 0));
}

TEST(Matrix, LiesRowByRow) {
  Matrix matrix(2, 3);
  matrix.row(1)[0] = 7;
  EXPECT_THAT(matrix.values(), ElementsAre(0, 0, 0, 7, 0, 0));
}

TEST(Matrix, SelectsRowsInTheGivenOrder) {
  const Matrix matrix = matrix_of({{1, 2}, {3, 4}, {5, 6}});
  const std::size_t rows[] = {2, 0, 2};
  EXPECT_THAT(matrix.select(rows).values(), ElementsAre(5, 6, 1, 2, 5, 6));
}

TEST(Matrix, SelectsNothing) {
  const Matrix none = matrix_of({{1, 2}}).select({});
  EXPECT_EQ(none.rows(), 0u);
  EXPECT_EQ(none.columns(), 2u);
}

TEST(Matrix, KeepsRowsInPlace) {
  Matrix matrix = matrix_of({{1, 2}, {3, 4}, {5, 6}, {7, 8}});
  const float* before = matrix.values().data();
  const std::size_t rows[] = {1, 3};
  matrix.keep_rows(rows);
  EXPECT_THAT(matrix.values(), testing::ElementsAre(3, 4, 7, 8));
  EXPECT_EQ(matrix.rows(), 2u);
  EXPECT_EQ(matrix.values().data(), before);
  matrix.keep_rows({});
  EXPECT_EQ(matrix.rows(), 0u);
}

}  // namespace
}  // namespace winnow::stats
