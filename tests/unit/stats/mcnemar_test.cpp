#include "winnow/stats/mcnemar.hpp"

#include <gtest/gtest.h>

namespace winnow::stats {
namespace {

TEST(Mcnemar, IsTheTailOfFairCoins) {
  EXPECT_NEAR(mcnemar_p(0, 5), 2.0 / 32, 1e-12);
  EXPECT_NEAR(mcnemar_p(1, 9), 2 * 11.0 / 1024, 1e-12);
  EXPECT_NEAR(mcnemar_p(9, 1), mcnemar_p(1, 9), 1e-15);
}

TEST(Mcnemar, IsOneWhereNothingSpeaksForEither) {
  EXPECT_EQ(mcnemar_p(0, 0), 1);
  EXPECT_EQ(mcnemar_p(4, 4), 1);
  EXPECT_EQ(mcnemar_p(0, 1), 1);
}

TEST(Mcnemar, HoldsForLargeCounts) {
  EXPECT_LT(mcnemar_p(4000, 5000), 1e-20);
  EXPECT_NEAR(mcnemar_p(5000, 5000), 1, 1e-9);
}

}  // namespace
}  // namespace winnow::stats
