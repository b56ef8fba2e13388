#include "dot.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "unit/stats/samples.hpp"

namespace winnow::stats {
namespace {

// Every length around those of a vector register and of the loop, and those of real embeddings.
std::vector<std::size_t> lengths() {
  std::vector<std::size_t> all;
  for (std::size_t length = 0; length <= 200; ++length) all.push_back(length);
  all.insert(all.end(), {1279, 1280, 1281, 5003});
  return all;
}

TEST(Dot, EqualsTheSumOfProducts) {
  const Matrix a = random_matrix(1, 5010, 1);
  const Matrix b = random_matrix(1, 5010, 2);
  for (const std::size_t length : lengths()) {
    for (const std::size_t offset : {0, 1, 3}) {
      double expected = 0;
      double size = 1;
      for (std::size_t i = 0; i < length; ++i) {
        const double product = double{a.values()[i + offset]} * b.values()[i];
        expected += product;
        size += std::abs(product);
      }
      EXPECT_NEAR(dot(a.values().data() + offset, b.values().data(), length), expected, 1e-6 * size)
          << length;
    }
  }
}

TEST(AddScaled, ChangesEveryElementAndNoOther) {
  const Matrix x = random_matrix(1, 5010, 3);
  const Matrix start = random_matrix(1, 5010, 4);
  for (const std::size_t length : lengths()) {
    Matrix y = start;
    add_scaled(y.values().data() + 1, -2.5F, x.values().data(), length);
    EXPECT_EQ(y.values()[0], start.values()[0]);
    for (std::size_t i = 0; i < length; ++i) {
      ASSERT_NEAR(y.values()[i + 1], start.values()[i + 1] - 2.5 * x.values()[i], 1e-5)
          << length << ", " << i;
    }
    EXPECT_EQ(y.values()[length + 1], start.values()[length + 1]);
  }
}

}  // namespace
}  // namespace winnow::stats
