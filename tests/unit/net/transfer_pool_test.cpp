#include "transfer_pool.hpp"

#include <gtest/gtest.h>

#include "socket_poll.hpp"

namespace winnow::net {
namespace {

using namespace std::chrono_literals;

class TransferPoolTest : public testing::Test {
 protected:
  const HttpClientOptions options_{};
  TransferPool pool_{options_, std::make_shared<MemoryAccount>(std::make_shared<SocketPoll>())};
  const HttpRequest request_{.url = *Url::parse("http://example.org/")};
};

TEST_F(TransferPoolTest, UsesTransfersAgain) {
  Transfer& first = pool_.start(request_, 1);
  EXPECT_EQ(pool_.size(), 1u);
  pool_.finish(first);
  EXPECT_EQ(pool_.size(), 0u);
  EXPECT_EQ(&pool_.start(request_, 2), &first);
  EXPECT_NE(&pool_.start(request_, 3), &first);
  EXPECT_EQ(pool_.size(), 2u);
  int visited = 0;
  pool_.for_each([&](Transfer&) { ++visited; });
  EXPECT_EQ(visited, 2);
  pool_.clear();
  EXPECT_EQ(pool_.size(), 0u);
}

TEST_F(TransferPoolTest, CountsAsSlowWhatBringsNothingForAWhile) {
  pool_.start(request_, 1);
  pool_.start(request_, 2);
  const auto now = TransferPool::Clock::now();
  EXPECT_EQ(pool_.slow(now), 0u);
  EXPECT_EQ(pool_.slow(now + 100ms), 0u);
  EXPECT_EQ(pool_.slow(now + 10s), 2u);
}

TEST_F(TransferPoolTest, CountsNoOftenerThanItSays) {
  pool_.start(request_, 1);
  const auto now = TransferPool::Clock::now();
  EXPECT_EQ(pool_.slow(now + 10s), 1u);
  EXPECT_GT(pool_.next_count(), now + 10s);
  pool_.start(request_, 2);
  EXPECT_EQ(pool_.slow(now + 10s), 1u);
  EXPECT_EQ(pool_.slow(pool_.next_count()), 2u);
}

}  // namespace
}  // namespace winnow::net
