#include "winnow/core/bounded_queue.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

namespace winnow {
namespace {

TEST(BoundedQueue, HandsItemsOutInOrder) {
  BoundedQueue<int> queue(3);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.push(i));
  EXPECT_EQ(queue.size(), 3u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(queue.pop(), i);
  EXPECT_EQ(queue.size(), 0u);
}

TEST(BoundedQueue, TryPushFailsWithoutRoom) {
  BoundedQueue<int> queue(1);
  EXPECT_TRUE(queue.try_push(1));
  EXPECT_FALSE(queue.try_push(2));
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_TRUE(queue.try_push(3));
  EXPECT_EQ(queue.pop(), 3);
}

TEST(BoundedQueue, PushWaitsForRoom) {
  BoundedQueue<int> queue(1);
  std::atomic<int> largest = 0;
  std::jthread producer([&] {
    for (int i = 0; i < 200; ++i) queue.push(i);
    queue.close();
  });
  std::vector<int> received;
  while (true) {
    largest = std::max<int>(largest, static_cast<int>(queue.size()));
    const std::optional<int> item = queue.pop();
    if (!item) break;
    received.push_back(*item);
  }
  std::vector<int> expected(200);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(received, expected);
  EXPECT_LE(largest, 1);
}

TEST(BoundedQueue, LosesNothingBetweenManyThreads) {
  BoundedQueue<int> queue(2);
  std::atomic<long> sum = 0;
  {
    std::vector<std::jthread> consumers;
    for (int c = 0; c < 3; ++c) {
      consumers.emplace_back([&] {
        while (const std::optional<int> item = queue.pop()) sum += *item;
      });
    }
    {
      std::vector<std::jthread> producers;
      for (int p = 0; p < 3; ++p) {
        producers.emplace_back([&] {
          for (int i = 1; i <= 300; ++i) EXPECT_TRUE(queue.push(i));
        });
      }
    }
    queue.close();
  }
  EXPECT_EQ(sum, 3L * 300 * 301 / 2);
}

TEST(BoundedQueue, ClosedStillGivesWhatIsInside) {
  BoundedQueue<int> queue(2);
  queue.push(1);
  queue.push(2);
  queue.close();
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), 2);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(BoundedQueue, ClosedTakesNothingMore) {
  BoundedQueue<int> queue(2);
  queue.close();
  EXPECT_FALSE(queue.push(1));
  EXPECT_FALSE(queue.try_push(1));
  EXPECT_EQ(queue.size(), 0u);
}

TEST(BoundedQueue, CloseWakesAWaitingConsumer) {
  BoundedQueue<int> queue(1);
  std::optional<int> item = 7;
  std::jthread consumer([&] { item = queue.pop(); });
  queue.close();
  consumer.join();
  EXPECT_EQ(item, std::nullopt);
}

TEST(BoundedQueue, CloseWakesAWaitingProducer) {
  BoundedQueue<int> queue(1);
  queue.push(1);
  bool taken = true;
  std::jthread producer([&] { taken = queue.push(2); });
  queue.close();
  producer.join();
  EXPECT_FALSE(taken);
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(BoundedQueue, CarriesWhatCanOnlyBeMoved) {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  queue.push(std::make_unique<int>(5));
  const std::optional<std::unique_ptr<int>> item = queue.pop();
  ASSERT_TRUE(item);
  EXPECT_EQ(**item, 5);
}

}  // namespace
}  // namespace winnow
