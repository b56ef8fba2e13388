#include "winnow/httpd/rate_limiter.hpp"

#include <gtest/gtest.h>

namespace winnow::httpd {
namespace {

using namespace std::chrono_literals;
using Clock = RateLimiter::Clock;

TEST(RateLimiter, AllowsABurstAndThenTheRate) {
  RateLimiter limiter(2, 3);
  const Clock::time_point start = Clock::now();
  EXPECT_EQ(limiter.take("a", start).remaining, 2U);
  EXPECT_EQ(limiter.take("a", start).remaining, 1U);
  EXPECT_EQ(limiter.take("a", start).remaining, 0U);
  const RateLimiter::Verdict refused = limiter.take("a", start);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.retry_after, 1s);
  EXPECT_EQ(refused.full_in, 2s);
  EXPECT_FALSE(limiter.take("a", start + 499ms).allowed);
  EXPECT_TRUE(limiter.take("a", start + 500ms).allowed) << "what was refused did not count";
  EXPECT_FALSE(limiter.take("a", start + 501ms).allowed);
  EXPECT_TRUE(limiter.take("b", start).allowed) << "each client has its own";
  EXPECT_EQ(limiter.window(), 2s);
}

TEST(RateLimiter, SaysWhenToComeBackForSlowRates) {
  RateLimiter limiter(0.1, 1);
  const Clock::time_point start = Clock::now();
  EXPECT_TRUE(limiter.take("a", start).allowed);
  EXPECT_EQ(limiter.take("a", start).retry_after, 10s);
  EXPECT_EQ(limiter.take("a", start + 1500ms).retry_after, 9s);
  EXPECT_TRUE(limiter.take("a", start + 10s).allowed);
}

TEST(RateLimiter, LooksWithoutTaking) {
  RateLimiter limiter(1, 2);
  const Clock::time_point start = Clock::now();
  EXPECT_EQ(limiter.look("a", start).remaining, 2U);
  limiter.take("a", start);
  EXPECT_EQ(limiter.look("a", start).remaining, 1U);
  EXPECT_EQ(limiter.look("a", start).remaining, 1U);
  EXPECT_EQ(limiter.look("a", start + 1s).remaining, 2U);
}

TEST(RateLimiter, KeepsABoundedNumberOfClients) {
  RateLimiter limiter(1, 1, 100);
  const Clock::time_point start = Clock::now();
  for (int i = 0; i < 1000; ++i) limiter.take(std::to_string(i), start);
  EXPECT_EQ(limiter.size(), 100U);
  EXPECT_FALSE(limiter.take("999", start).allowed);
  limiter.take("late", start + 5s);
  EXPECT_EQ(limiter.size(), 1U) << "of those that are full again nothing is kept";
}

}  // namespace
}  // namespace winnow::httpd
