#include "work_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace winnow::portal {
namespace {

TEST(WorkPool, TakesNoMoreThanItHasRoomForAndDoesWhatItTook) {
  std::atomic<int> done = 0;
  {
    WorkPool pool(1, 2);
    std::promise<void> begun;
    std::promise<void> go_on;
    ASSERT_TRUE(pool.try_run([&] {
      begun.set_value();
      go_on.get_future().wait();
      ++done;
    }));
    begun.get_future().wait();
    EXPECT_TRUE(pool.try_run([&] { ++done; }));
    EXPECT_TRUE(pool.try_run([&] { ++done; }));
    EXPECT_FALSE(pool.try_run([&] { done = 100; }));
    go_on.set_value();
  }
  EXPECT_EQ(done, 3);
}

}  // namespace
}  // namespace winnow::portal
