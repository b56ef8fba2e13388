#include <algorithm>
#include <set>
#include <thread>

#include "jobs_fixture.hpp"

namespace winnow::jobs {
namespace {

using Queue = OnBoth;

TEST_P(Queue, HandsOutEachTaskOnceAndTheUrgentFirst) {
  db().write([](Transaction& transaction) {
    EXPECT_TRUE(enqueue(transaction, {.kind = "k", .subject = "a"}));
    EXPECT_FALSE(enqueue(transaction, {.kind = "k", .subject = "a"})) << "one live task of a name";
    EXPECT_TRUE(enqueue(transaction, {.kind = "k", .subject = "b", .priority = 1}));
    EXPECT_TRUE(enqueue(transaction, {.kind = "k", .subject = "later", .delay = std::chrono::minutes(10)}));
    EXPECT_TRUE(enqueue(transaction, {.kind = "other", .subject = "c"}));
  });
  const std::vector<Task> first = take("k", 1);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].subject, "b");
  EXPECT_EQ(first[0].attempt, 1);
  const std::vector<Task> second = take("k");
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].subject, "a");
  EXPECT_TRUE(take("k").empty());
  database->advance(std::chrono::minutes(11));
  ASSERT_EQ(take("k").size(), 1U) << "a delayed task is a row with a time";
}

TEST_P(Queue, SeveralTakersNeverShareATask) {
  constexpr int kTasks = 200;
  db().write([](Transaction& transaction) {
    for (int i = 0; i < kTasks; ++i) (void)enqueue(transaction, {.kind = "k", .subject = std::to_string(i)});
  });
  std::mutex mutex;
  std::multiset<std::string> taken;
  {
    std::vector<std::jthread> takers;
    for (int i = 0; i < 6; ++i) {
      takers.emplace_back([&, i] {
        while (true) {
          const std::vector<Task> tasks = take("k", 7, "w" + std::to_string(i));
          if (tasks.empty()) return;
          const std::lock_guard lock(mutex);
          for (const Task& task : tasks) taken.insert(task.subject);
        }
      });
    }
  }
  EXPECT_EQ(taken.size(), std::size_t{kTasks});
  EXPECT_EQ(std::set<std::string>(taken.begin(), taken.end()).size(), std::size_t{kTasks});
}

// Who sleeps past the lease finds the door closed.
TEST_P(Queue, FencesOutWhoComesLate) {
  db().write([](Transaction& transaction) { (void)enqueue(transaction, {.kind = "k", .subject = "a"}); });
  const Task slow = take("k", 1, "slow").at(0);
  db().write([&](Transaction& transaction) {
    EXPECT_EQ(prolong(transaction, "slow", slow.lease_token, kLease).size(), 1U);
    EXPECT_TRUE(sweep(transaction, 10).empty());
  });
  database->advance(kLease + std::chrono::seconds(1));
  db().write([&](Transaction& transaction) {
    EXPECT_TRUE(prolong(transaction, "slow", slow.lease_token, kLease).empty());
    const std::vector<Swept> swept = sweep(transaction, 10);
    ASSERT_EQ(swept.size(), 1U);
    EXPECT_FALSE(swept[0].dead);
  });
  const Task fresh = take("k", 1, "fresh").at(0);
  EXPECT_EQ(fresh.id, slow.id);
  EXPECT_EQ(fresh.attempt, 2);
  int effects = 0;
  const auto effect = [&](Transaction&) { ++effects; };
  EXPECT_THROW(complete(db(), slow, effect), LeaseLost);
  EXPECT_THROW(db().write([&](Transaction& t) { (void)fail(t, slow, Microseconds(0), "x"); }), LeaseLost);
  EXPECT_THROW(db().write([&](Transaction& t) { postpone(t, slow, Microseconds(0)); }), LeaseLost);
  EXPECT_THROW(db().write([&](Transaction& t) { check_lease(t, slow); }), LeaseLost);
  complete(db(), fresh, effect);
  EXPECT_EQ(effects, 1);
  complete(db(), fresh, effect);  // as after a commit whose answer was lost
  EXPECT_EQ(effects, 1);
}

TEST_P(Queue, GivesUpAfterSoManyTries) {
  db().write([](Transaction& transaction) {
    (void)enqueue(transaction, {.kind = "k", .subject = "a", .max_attempts = 3});
  });
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const Task task = take("k", 1).at(0);
    EXPECT_EQ(task.attempt, attempt);
    db().write([&](Transaction& t) { postpone(t, task, Microseconds(0)); });
    const Task again = take("k", 1).at(0);
    EXPECT_EQ(again.attempt, attempt) << "put off is not tried";
    db().write([&](Transaction& t) { EXPECT_EQ(fail(t, again, Microseconds(0), "no luck"), attempt == 3); });
  }
  EXPECT_TRUE(take("k").empty());
  EXPECT_EQ(database->ask("SELECT state||' '||last_error FROM tasks"), "dead no luck");
  db().write([](Transaction& transaction) {
    EXPECT_TRUE(enqueue(transaction, {.kind = "k", .subject = "a"})) << "a dead task is in nobody's way";
  });
}

TEST_P(Queue, TotalsNeverFall) {
  const auto counts = [&] {
    QueueCounts found;
    db().read([&](Transaction& transaction) {
      for (const QueueCounts& one : count_tasks(transaction)) {
        if (one.kind == "k") found = one;
      }
    });
    return found;
  };
  db().write([](Transaction& transaction) {
    for (int i = 0; i < 5; ++i) (void)enqueue(transaction, {.kind = "k", .subject = std::to_string(i)});
    (void)enqueue(transaction, {.kind = "k", .subject = "later", .delay = std::chrono::minutes(5)});
  });
  database->advance(std::chrono::seconds(10));
  EXPECT_EQ(counts().backlog, 5);
  EXPECT_GE(counts().oldest_us, 10'000'000);
  for (const Task& task : take("k", 2)) complete(db(), task);
  const std::vector<Task> failing = take("k", 1);
  const QueueCounts before = counts();
  EXPECT_EQ(before.enqueued_total, 6);
  EXPECT_EQ(before.completed_total, 2);
  EXPECT_EQ(before.inflight, 1);
  EXPECT_EQ(before.backlog, 2);
  EXPECT_EQ(before.retrying, 0);
  database->advance(std::chrono::hours(2));
  db().write([](Transaction& transaction) {
    EXPECT_EQ(take_away_finished(transaction, std::chrono::hours(1), 100), 2);
  });
  const QueueCounts after = counts();
  EXPECT_EQ(after.enqueued_total, 6);
  EXPECT_EQ(after.completed_total, 2);
  EXPECT_EQ(after.service_us_total, before.service_us_total);
  db().write([&](Transaction& transaction) {
    EXPECT_FALSE(fail(transaction, failing.at(0), std::chrono::minutes(5), "no luck"));
  });
  EXPECT_EQ(counts().retrying, 1);
}

INSTANTIATE_TEST_SUITE_P(sqlite, Queue, ::testing::Values("sqlite"));
INSTANTIATE_TEST_SUITE_P(postgresql, Queue, ::testing::Values("postgresql"));

}  // namespace
}  // namespace winnow::jobs
