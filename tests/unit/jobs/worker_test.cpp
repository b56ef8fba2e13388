#include "winnow/jobs/worker.hpp"

#include <atomic>
#include <condition_variable>
#include <set>
#include <thread>

#include "jobs_fixture.hpp"

namespace winnow::jobs {
namespace {

using namespace std::chrono_literals;

class Working : public OnBoth {
 protected:
  void enqueue_some(int count, const std::string& kind = "k") {
    db().write([&](Transaction& transaction) {
      for (int i = 0; i < count; ++i)
        (void)enqueue(transaction, {.kind = kind, .subject = std::to_string(i)});
    });
  }
  std::unique_ptr<Worker> worker(Handler handler, WorkerOptions options = {},
                                 std::vector<Lane> lanes = {{{"k"}, 2, 4}}) {
    const Context& use = context;
    return std::make_unique<Worker>(db(), std::move(options), std::move(lanes),
                                    std::map<std::string, Handler>{{"k", handler}, {"other", handler}}, bury,
                                    use.log);
  }
  // Waits for what is asked of the database, as text.
  void expect_soon(const std::string& sql, const std::string& answer) {
    std::string found;
    for (int i = 0; i < 400; ++i) {
      found = database->ask(sql);
      if (found == answer) return;
      std::this_thread::sleep_for(50ms);
    }
    EXPECT_EQ(found, answer) << sql;
  }
};

TEST_P(Working, DoesWhatIsEnqueuedAsSoonAsItIs) {
  std::atomic<int> done = 0;
  const auto running = worker([&](const Task& task, const std::stop_token&) -> Later {
    complete(db(), task);
    ++done;
    return {};
  });
  std::this_thread::sleep_for(100ms);
  for (int i = 0; i < 3; ++i) {
    db().write(
        [&](Transaction& t) { (void)enqueue(t, {.kind = "k", .subject = "wave" + std::to_string(i)}); });
    expect_soon("SELECT COUNT(*) FROM tasks WHERE state='done'", std::to_string(i + 1));
  }
  enqueue_some(100);
  expect_soon("SELECT COUNT(*) FROM tasks WHERE state='done'", "103");
  EXPECT_EQ(done, 103);
  EXPECT_EQ(database->ask("SELECT COUNT(*) FROM workers"), "1");
}

TEST_P(Working, TriesAgainAndGivesUp) {
  std::atomic<int> tries = 0;
  const auto running = worker(
      [&](const Task& task, const std::stop_token&) -> Later {
        ++tries;
        if (task.subject == "1" && task.attempt == 3) {
          complete(db(), task);
          return {};
        }
        throw Error(ErrorKind::kIo, "store", "is away");
      },
      {.id = "w", .poll = 20ms, .first_delay = 1ms, .last_delay = 5ms});
  enqueue_some(2);
  expect_soon("SELECT COUNT(*) FROM tasks WHERE state='dead'", "1");
  expect_soon("SELECT COUNT(*) FROM tasks WHERE state='done'", "1");
  EXPECT_EQ(tries, 8 + 3);
  EXPECT_EQ(database->ask("SELECT last_error FROM tasks WHERE state='dead'"), "store: is away");
}

TEST_P(Working, KeepsTheLeaseOfWhatTakesLong) {
  std::atomic<int> starts = 0;
  const auto slow = [&](const Task& task, const std::stop_token&) -> Later {
    ++starts;
    std::this_thread::sleep_for(1500ms);
    complete(db(), task);
    return {};
  };
  const auto one = worker(slow, {.id = "one", .lease = 500ms, .poll = 50ms});
  const auto other = worker(slow, {.id = "other", .lease = 500ms, .poll = 50ms});
  enqueue_some(1);
  expect_soon("SELECT COUNT(*) FROM tasks WHERE state='done'", "1");
  EXPECT_EQ(starts, 1);
}

// A worker that is frozen past its lease (SIGSTOP) has lost its tasks, and cannot bring them to an end.
TEST_P(Working, AnotherTakesOverWhenNothingIsHeard) {
  enqueue_some(1);
  const Task frozen = take("k", 1, "frozen").at(0);
  database->advance(kLease + 1s);
  const auto running = worker([&](const Task& task, const std::stop_token&) -> Later {
    complete(db(), task);
    return {};
  });
  expect_soon("SELECT COUNT(*) FROM tasks WHERE state='done' AND attempt=2", "1");
  EXPECT_THROW(complete(db(), frozen), LeaseLost);
}

TEST_P(Working, DrainingFinishesWhatIsBegunAndTakesNothingNew) {
  std::atomic<bool> begun = false;
  std::atomic<bool> go_on = false;
  auto running = worker(
      [&](const Task& task, const std::stop_token&) -> Later {
        begun = true;
        while (!go_on) std::this_thread::sleep_for(5ms);
        complete(db(), task);
        return {};
      },
      {}, {{{"k"}, 1, 1}});
  enqueue_some(2);
  while (!begun) std::this_thread::sleep_for(5ms);
  EXPECT_FALSE(running->drain(50ms));
  go_on = true;
  EXPECT_TRUE(running->drain(20s));
  running.reset();
  EXPECT_EQ(database->ask("SELECT COUNT(*) FROM tasks WHERE state='done'"), "1");
  EXPECT_EQ(database->ask("SELECT COUNT(*) FROM tasks WHERE state='ready'"), "1");
  EXPECT_EQ(database->ask("SELECT COUNT(*) FROM workers"), "0");
}

TEST_P(Working, ThoseThatAreToEndGiveTheirTasksBack) {
  std::atomic<bool> begun = false;
  auto running = worker([&](const Task&, const std::stop_token& stop) -> Later {
    begun = true;
    while (!stop.stop_requested()) std::this_thread::sleep_for(5ms);
    throw_if_stopped(stop);
    return {};
  });
  enqueue_some(1);
  while (!begun) std::this_thread::sleep_for(5ms);
  running.reset();
  EXPECT_EQ(database->ask("SELECT state||attempt FROM tasks"), "ready0") << "no try counts";
}

INSTANTIATE_TEST_SUITE_P(sqlite, Working, ::testing::Values("sqlite"));
INSTANTIATE_TEST_SUITE_P(postgresql, Working, ::testing::Values("postgresql"));

TEST(Backoff, GrowsByDoublingWithChanceUpToALimit) {
  for (int attempt = 1; attempt < 70; ++attempt) {
    const Microseconds delay = backoff(attempt, 1s, 5min);
    EXPECT_GE(delay, 0s);
    EXPECT_LE(delay, 5min);
    if (attempt == 1) {
      EXPECT_LE(delay, 1s);
    }
  }
  std::set<std::int64_t> seen;
  for (int i = 0; i < 100; ++i) seen.insert(backoff(8, 1s, 5min).count());
  EXPECT_GT(seen.size(), 90U);
}

}  // namespace
}  // namespace winnow::jobs
