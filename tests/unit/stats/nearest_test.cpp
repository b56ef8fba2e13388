#include "nearest.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "unit/stats/samples.hpp"
#include "winnow/core/error.hpp"

namespace winnow::stats {
namespace {

constexpr std::size_t kWidth = 20;

GroupedRows grouped(const Matrix& matrix, int groups) {
  GroupedRows rows;
  for (std::size_t i = 0; i < matrix.rows(); ++i) {
    rows.rows.push_back(matrix.row(i).data());
    rows.groups.push_back(static_cast<int>(i) % groups);
  }
  return rows;
}

// The products of one query with all references of other groups, falling.
std::vector<float> sorted_products(const GroupedRows& queries, std::size_t query,
                                   const GroupedRows& references) {
  std::vector<float> products;
  for (std::size_t j = 0; j < references.rows.size(); ++j) {
    if (references.groups[j] == queries.groups[query]) continue;
    float sum = 0;
    for (std::size_t k = 0; k < kWidth; ++k) sum += queries.rows[query][k] * references.rows[j][k];
    products.push_back(sum);
  }
  std::sort(products.begin(), products.end(), std::greater<>());
  return products;
}

TEST(FindNearest, FindsWhatSortingAllFinds) {
  const Matrix a = random_matrix(131, kWidth, 1);
  const Matrix b = random_matrix(190, kWidth, 2);
  const GroupedRows queries = grouped(a, 50);
  const GroupedRows references = grouped(b, 50);
  for (const unsigned threads : {1u, 3u}) {
    const Matrix nearest = find_nearest(queries, references, kWidth, 7, threads, {});
    for (std::size_t i = 0; i < a.rows(); ++i) {
      const std::vector<float> all = sorted_products(queries, i, references);
      for (std::size_t k = 0; k < 7; ++k) ASSERT_NEAR(nearest.row(i)[k], all[k], 1e-4);
    }
  }
}

TEST(FindNearest, LeavesPlacesEmptyWhereNoneIsLeft) {
  const Matrix few = random_matrix(4, kWidth, 3);
  const GroupedRows rows = grouped(few, 2);
  const Matrix nearest = find_nearest(rows, rows, kWidth, 3, 1, {});
  for (std::size_t i = 0; i < few.rows(); ++i) {
    EXPECT_NE(nearest.row(i)[1], kNoNeighbour);
    EXPECT_EQ(nearest.row(i)[2], kNoNeighbour);
  }
}

TEST(FindNearest, CanBeStopped) {
  std::stop_source source;
  source.request_stop();
  const Matrix few = random_matrix(4, kWidth, 3);
  EXPECT_THROW((void)find_nearest(grouped(few, 4), grouped(few, 4), kWidth, 1, 1, source.get_token()), Error);
}

}  // namespace
}  // namespace winnow::stats
