#include "dot.hpp"

#include <gtest/gtest.h>

#include "unit/stats/samples.hpp"

namespace winnow::stats {
namespace {

std::vector<const float*> starts_of(const Matrix& matrix) {
  std::vector<const float*> starts;
  for (std::size_t i = 0; i < matrix.rows(); ++i) starts.push_back(matrix.row(i).data());
  return starts;
}

double exact(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += double{a[k]} * b[k];
  return sum;
}

TEST(DotAll, MultipliesEveryPairOfAnyNumbersOfRows) {
  for (const std::size_t width : {1u, 7u, 8u, 9u, 130u}) {
    const Matrix a = random_matrix(9, width, 1);
    const Matrix b = random_matrix(8, width, 2);
    const std::vector<const float*> all_a = starts_of(a);
    const std::vector<const float*> all_b = starts_of(b);
    for (std::size_t rows = 1; rows <= a.rows(); ++rows) {
      for (std::size_t columns = 1; columns <= b.rows(); ++columns) {
        std::vector<float> products(rows * columns + 1, 77);
        dot_all(std::span(all_a).first(rows), std::span(all_b).first(columns), width, products.data());
        for (std::size_t i = 0; i < rows; ++i) {
          for (std::size_t j = 0; j < columns; ++j) {
            ASSERT_NEAR(products[i * columns + j], exact(a.row(i), b.row(j)), 1e-4)
                << rows << " x " << columns << " rows of " << width;
          }
        }
        ASSERT_EQ(products.back(), 77);
      }
    }
  }
}

TEST(DotAll, GivesAPairTheSameSumInAnyCompany) {
  const Matrix a = random_matrix(6, 99, 3);
  const Matrix b = random_matrix(5, 99, 4);
  std::vector<float> all(30);
  std::vector<float> turned(30);
  dot_all(starts_of(a), starts_of(b), 99, all.data());
  dot_all(starts_of(b), starts_of(a), 99, turned.data());
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t j = 0; j < 5; ++j) {
      float alone = 0;
      const float* row = a.row(i).data();
      const float* other = b.row(j).data();
      dot_all({&row, 1}, {&other, 1}, 99, &alone);
      EXPECT_EQ(all[i * 5 + j], alone);
      EXPECT_EQ(turned[j * 6 + i], alone);
    }
  }
}

}  // namespace
}  // namespace winnow::stats
