#include "request_budget.hpp"

#include <gtest/gtest.h>

namespace winnow::scraping {
namespace {

using namespace std::chrono_literals;

TEST(RequestBudget, HoldsToItsLimitInAnyStretch) {
  const RequestBudget::Time begin{1000s};
  RequestBudget budget({2, 60s});
  EXPECT_LE(budget.ready_at(), begin);
  budget.spend(begin);
  EXPECT_LE(budget.ready_at(), begin);
  budget.spend(begin + 50s);
  EXPECT_EQ(budget.ready_at(), begin + 60s);
  budget.spend(begin + 60s);
  EXPECT_EQ(budget.ready_at(), begin + 110s);
}

TEST(RequestBudget, WithoutALimitItIsAlwaysReady) {
  RequestBudget budget({});
  for (int i = 0; i < 1000; ++i) budget.spend(RequestBudget::Time{1s});
  EXPECT_EQ(budget.ready_at(), RequestBudget::Time::min());
}

}  // namespace
}  // namespace winnow::scraping
