#include "connection_limit.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>

namespace winnow::net {
namespace {

class ConnectionLimitTest : public testing::Test {
 protected:
  ConnectionLimitTest() { ::getrlimit(RLIMIT_NOFILE, &before_); }
  ~ConnectionLimitTest() override { ::setrlimit(RLIMIT_NOFILE, &before_); }
  rlimit before_{};
};

TEST_F(ConnectionLimitTest, RaisesTheSoftLimit) {
  rlimit few = before_;
  few.rlim_cur = 300;
  ::setrlimit(RLIMIT_NOFILE, &few);
  EXPECT_GE(affordable_connections(1000), 1u);
  rlimit raised{};
  ::getrlimit(RLIMIT_NOFILE, &raised);
  EXPECT_EQ(raised.rlim_cur, std::min<rlim_t>(before_.rlim_max, 4256));
}

TEST_F(ConnectionLimitTest, MakesDoWithWhatThereIs) {
  EXPECT_EQ(affordable_connections(1), 1u);
  EXPECT_LE(affordable_connections(4'000'000'000), 4'000'000'000);
  EXPECT_GE(affordable_connections(4'000'000'000), 1u);
}

}  // namespace
}  // namespace winnow::net
