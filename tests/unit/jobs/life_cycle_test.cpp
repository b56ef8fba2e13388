#include <fmt/format.h>

#include <thread>

#include "jobs_fixture.hpp"

namespace winnow::jobs {
namespace {

using LifeCycle = OnBoth;

constexpr Microseconds kTenMinutes = std::chrono::minutes(10);

TEST_P(LifeCycle, FreeResultsGrowColdAndAnUpgradeBringsThemBack) {
  for (const bool classes : {false, true}) {
    SCOPED_TRACE(classes ? "storage classes" : "prefix");
    MemoryStore store(classes);
    start_over();
    const std::string owner = user();
    const std::string id = done_job(owner, store);
    EXPECT_EQ(work_off(store), 0) << "too young";
    database->advance(kTenMinutes + std::chrono::seconds(1));
    EXPECT_GT(work_off(store), 0);
    EXPECT_EQ(job(id).storage, "cold");
    expect_nothing_lost(store);
    EXPECT_EQ(store.keys().size(), 1U) << "no second copy stays";

    subscribe(db(), owner, terms);
    work_off(store);
    EXPECT_EQ(job(id).storage, "hot");
    EXPECT_EQ(as_text(store.read(job(id).result_key, 1000)), "the results of " + id);
    EXPECT_EQ(store.keys().size(), 1U);
    ASSERT_EQ(sent.size(), 1U) << "one letter";
    EXPECT_EQ(sent[0].recipient, owner + "@example.org");
    EXPECT_NE(sent[0].body.find("https://pets.example/jobs/" + id), std::string::npos) << sent[0].body;

    unsubscribe(db(), owner, terms);
    work_off(store);
    EXPECT_EQ(job(id).storage, "cold") << "old enough, and free again";
    expect_nothing_lost(store);
  }
}

TEST_P(LifeCycle, PremiumResultsStayHot) {
  MemoryStore store;
  const std::string owner = user();
  const std::string id = done_job(owner, store);
  subscribe(db(), owner, terms);
  database->advance(kTenMinutes * 3);
  work_off(store);
  EXPECT_EQ(job(id).storage, "hot");
  EXPECT_TRUE(sent.empty()) << "nothing was away";
}

TEST_P(LifeCycle, PlansThatChangeOftenLeaveNoTasksBehind) {
  MemoryStore store;
  const std::string owner = user();
  const std::string id = done_job(owner, store);
  for (int i = 0; i < 5; ++i) {
    subscribe(db(), owner, terms);
    unsubscribe(db(), owner, terms);
  }
  EXPECT_EQ(database->ask("SELECT COUNT(*) FROM tasks WHERE kind='archive' AND state='ready'"), "1");
  database->advance(kTenMinutes + std::chrono::seconds(1));
  work_off(store);
  EXPECT_EQ(job(id).storage, "cold");
  subscribe(db(), owner, terms);
  unsubscribe(db(), owner, terms);
  EXPECT_EQ(database->ask("SELECT COUNT(*) FROM tasks WHERE kind='restore' AND state='ready'"), "0");
}

TEST_P(LifeCycle, SlowThawsAreAskedForAgain) {
  MemoryStore store(true);
  store.thaw_slowly();
  const std::string owner = user();
  const std::string id = done_job(owner, store);
  database->advance(kTenMinutes + std::chrono::seconds(1));
  work_off(store);
  subscribe(db(), owner, terms);
  work_off(store);
  EXPECT_EQ(job(id).storage, "restoring");
  EXPECT_TRUE(sent.empty());
  database->advance(std::chrono::minutes(1));
  work_off(store);
  EXPECT_EQ(job(id).storage, "hot");
  EXPECT_EQ(sent.size(), 1U);
}

// An upgrade at every step of an archive, a downgrade at every step of a restore: where it ends is where the
// user's tier wants it, and nothing is lost on the way.
TEST_P(LifeCycle, TiersThatChangeAtAnyStepDecideWhereItEnds) {
  for (const bool classes : {false, true}) {
    for (const std::string at : {"archive.begun", "archive.cooled", "archive.committed", "restore.begun",
                                 "restore.copied", "restore.committed", "discard.removed"}) {
      SCOPED_TRACE(at + (classes ? ", storage classes" : ", prefix"));
      MemoryStore store(classes);
      start_over();
      const std::string owner = user();
      const std::string id = done_job(owner, store);
      database->advance(kTenMinutes + std::chrono::seconds(1));
      const bool upgrade = !at.starts_with("restore");
      if (!upgrade) {
        work_off(store);
        subscribe(db(), owner, terms);
      }
      bool changed = false;
      work_off(store, [&](std::string_view step) {
        if (step != at || std::exchange(changed, true)) return;
        if (upgrade) {
          subscribe(db(), owner, terms);
        } else {
          unsubscribe(db(), owner, terms);
        }
        expect_nothing_lost(store);
      });
      EXPECT_TRUE(changed || (classes && at == "discard.removed")) << "the step was never reached";
      work_off(store);
      expect_nothing_lost(store);
      if (changed) {
        EXPECT_EQ(job(id).storage, upgrade ? "hot" : "cold");
      }
      if (changed && upgrade) {
        EXPECT_EQ(as_text(store.read(job(id).result_key, 1000)), "the results of " + id);
      }
      EXPECT_EQ(database->ask("SELECT COUNT(*) FROM tasks WHERE state='dead'"), "0");
    }
  }
}

struct Crash {};

// Killed at each step in turn; the next worker finds what is there, and ends where it would have ended.
TEST_P(LifeCycle, ACrashAtAnyStepLosesNothingAndDoublesNothing) {
  for (const bool classes : {false, true}) {
    int steps = 1;  // known after the first round
    for (int crash_at = 0; crash_at <= steps; ++crash_at) {
      SCOPED_TRACE(fmt::format("crash at step {}{}", crash_at, classes ? ", storage classes" : ""));
      MemoryStore store(classes);
      start_over();
      const std::string owner = user();
      const std::string id = done_job(owner, store);
      int step = 0;
      const auto work = [&] {
        while (true) {
          try {
            work_off(store, [&](std::string_view) {
              if (++step == crash_at) throw Crash{};
            });
            return;
          } catch (const Crash&) {
            expect_nothing_lost(store);
            database->advance(kLease + std::chrono::seconds(1));
            db().write([](Transaction& transaction) { (void)sweep(transaction, 100); });
          }
        }
      };
      database->advance(kTenMinutes + std::chrono::seconds(1));
      work();
      EXPECT_EQ(job(id).storage, "cold");
      subscribe(db(), owner, terms);
      work();
      EXPECT_EQ(job(id).storage, "hot");
      expect_nothing_lost(store);
      EXPECT_EQ(database->ask("SELECT COUNT(*) FROM emails WHERE dedupe LIKE 'restored:" + owner + "%'"),
                "1");
      // What a crash has left over is found within the day.
      store.age(std::chrono::hours(25));
      db().write([](Transaction& transaction) {
        (void)enqueue(transaction, {.kind = kReconcile, .subject = "now"});
      });
      work();
      EXPECT_EQ(store.keys(), std::vector<std::string>{job(id).result_key});
      if (crash_at == 0) steps = step;
    }
    EXPECT_GT(steps, 6);
  }
}

// Every task delivered twice, the second time by somebody who thinks that it is still his.
TEST_P(LifeCycle, TwoWorkersWithTheSameTaskDoItOnce) {
  for (const bool classes : {false, true}) {
    for (const char* kind : {kArchive, kRestore}) {
      SCOPED_TRACE(std::string(kind) + (classes ? ", storage classes" : ""));
      MemoryStore store(classes);
      start_over();
      const std::string owner = user();
      const std::string id = done_job(owner, store);
      database->advance(kTenMinutes + std::chrono::seconds(1));
      if (kind == std::string(kRestore)) {
        work_off(store);
        subscribe(db(), owner, terms);
      }
      const Context& use = context;
      const Task slow = take(kind, 1, "slow").at(0);
      // It sleeps past its lease before its commit; meanwhile another does all of it.
      const Handlers handlers{db(), store, terms, use.log, [&](std::string_view step) {
                                if (step != "archive.cooled" && step != "restore.copied") return;
                                database->advance(kLease + std::chrono::seconds(1));
                                db().write([](Transaction& t) { (void)sweep(t, 10); });
                                work_off(store);
                              }};
      EXPECT_THROW((void)(kind == std::string(kArchive) ? archive(handlers, slow) : restore(handlers, slow)),
                   LeaseLost);
      work_off(store);
      expect_nothing_lost(store);
      EXPECT_EQ(job(id).storage, kind == std::string(kArchive) ? "cold" : "hot");
    }
  }
}

TEST_P(LifeCycle, UpgradesAndArchivesRaceAThousandTimes) {
  const int rounds = GetParam() == "sqlite" ? 1000 : 100;
  MemoryStore store;
  terms.archive_after = Microseconds(0);
  const Context& use = context;
  const std::string owner = user();
  const std::string id = done_job(owner, store);
  const Handlers handlers{db(), store, terms, use.log, {}};
  for (int round = 0; round < rounds; ++round) {
    {
      const auto archive_some = [&] {
        for (const Task& task : take(kArchive, 2)) (void)archive(handlers, task);
      };
      const std::jthread archiver(archive_some);
      const std::jthread another(archive_some);
      const std::jthread restorer([&] {
        for (const Task& task : take(kRestore, 4)) (void)restore(handlers, task);
      });
      if (round % 2 == 0) {
        subscribe(db(), owner, terms);
      } else {
        unsubscribe(db(), owner, terms);
      }
    }
    expect_nothing_lost(store);
    if (HasFatalFailure()) return;
  }
  subscribe(db(), owner, terms);
  work_off(store);
  EXPECT_EQ(job(id).storage, "hot");
  EXPECT_EQ(as_text(store.read(job(id).result_key, 1000)), "the results of " + id);
  EXPECT_EQ(database->ask("SELECT COUNT(*)-COUNT(DISTINCT dedupe) FROM emails"), "0");
}

TEST_P(LifeCycle, DeletedJobsLeaveNothing) {
  MemoryStore store;
  const std::string owner = user();
  const std::string hot = done_job(owner, store);
  const std::string cold = done_job(owner, store);
  database->advance(kTenMinutes + std::chrono::seconds(1));
  db().write([&](Transaction& transaction) { (void)delete_job(transaction, hot); });
  work_off(store);
  EXPECT_EQ(job(cold).storage, "cold");
  db().write([&](Transaction& transaction) {
    EXPECT_TRUE(delete_job(transaction, cold));
    EXPECT_FALSE(delete_job(transaction, cold));
  });
  EXPECT_EQ(job(cold).id, "") << "gone at once for its owner";
  work_off(store);
  EXPECT_TRUE(store.keys().empty());
}

// By hand, a bug, or a lost row: once an hour it is noticed.
// A store that is away for longer than all its tries take must not be the end of it.
TEST_P(LifeCycle, ReconcilingBeginsAgainAfterItsLastTry) {
  db().write(
      [](Transaction& transaction) { (void)enqueue(transaction, {.kind = kReconcile, .subject = "all"}); });
  bool dead = false;
  for (int i = 0; i < 20 && !dead; ++i) {
    const std::vector<Task> tasks = take(kReconcile);
    ASSERT_EQ(tasks.size(), 1U);
    db().write([&](Transaction& transaction) {
      dead = fail(transaction, tasks[0], Microseconds(0), "no store");
      if (dead) bury(transaction, kReconcile, "all", "no store");
    });
  }
  EXPECT_TRUE(dead);
  EXPECT_TRUE(take(kReconcile).empty()) << "not at once";
  database->advance(std::chrono::hours(1));
  EXPECT_EQ(take(kReconcile).size(), 1U);
}

TEST_P(LifeCycle, ReconcilingFindsWhatHasNoTask) {
  MemoryStore store;
  const std::string free_user = user();
  const std::string premium_user = user();
  const std::string to_cool = done_job(free_user, store);
  const std::string to_warm = done_job(premium_user, store);
  database->advance(kTenMinutes + std::chrono::seconds(1));
  work_off(store);
  subscribe(db(), premium_user, terms);
  const std::string cut_off = make_id();
  const std::string queued = make_id();
  db().write([&](Transaction& transaction) {
    for (const std::string& id : {cut_off, queued}) {
      (void)create_job(transaction, {.id = id,
                                     .user_id = free_user,
                                     .name = "x",
                                     .model = "",
                                     .input_key = "uploads/" + id + "/upload",
                                     .client_key = {}});
    }
    (void)transaction.run("UPDATE jobs SET state='queued' WHERE id=$1", {queued});
    (void)transaction.run("UPDATE jobs SET storage='hot',cold_key=NULL WHERE id=$1", {to_cool});
    (void)transaction.run("DELETE FROM tasks");
    (void)enqueue(transaction, {.kind = kReconcile, .subject = "all"});
  });
  store.put(job(to_cool).result_key, as_bytes("the results of " + to_cool));
  store.put("results/" + make_id() + "/orphan", as_bytes("nobody's"));
  store.age(std::chrono::hours(25));
  database->advance(std::chrono::hours(2));
  work_off(store);
  EXPECT_EQ(job(to_cool).storage, "cold");
  EXPECT_EQ(job(to_warm).storage, "hot");
  EXPECT_EQ(job(cut_off).state, "failed");
  EXPECT_EQ(job(cut_off).failure, "the upload was cut off");
  EXPECT_EQ(take(kAnnotate).size(), 1U) << "the queued one";
  expect_nothing_lost(store);
  EXPECT_EQ(store.keys().size(), 2U) << "the orphan is gone";
  EXPECT_EQ(database->ask("SELECT COUNT(*) FROM tasks WHERE kind='reconcile' AND state='ready'"), "1")
      << "and it comes again";
}

INSTANTIATE_TEST_SUITE_P(sqlite, LifeCycle, ::testing::Values("sqlite"));
INSTANTIATE_TEST_SUITE_P(postgresql, LifeCycle, ::testing::Values("postgresql"));

}  // namespace
}  // namespace winnow::jobs
