#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "memory_store.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_database.hpp"
#include "winnow/jobs/job.hpp"
#include "winnow/jobs/outbox.hpp"
#include "winnow/jobs/queue.hpp"
#include "winnow/jobs/subscriptions.hpp"
#include "winnow/jobs/task_handler.hpp"
#include "winnow/jobs/task_kinds.hpp"
#include "winnow/jobs/tier.hpp"

namespace winnow::jobs {

inline constexpr Microseconds kLease = std::chrono::seconds(30);

using test::TestDatabase;

// Tests that run on both engines: TEST_P(OnBoth, ...). Those on PostgreSQL are one test of ctest.
class OnBoth : public ::testing::TestWithParam<std::string> {
 protected:
  OnBoth() {
    if (GetParam() == "postgresql" && !test::PostgresServer::available()) return;
    database = std::make_unique<TestDatabase>(GetParam());
  }
  void SetUp() override {
    if (!database) GTEST_SKIP() << "PostgreSQL is not installed";
  }

  Database& db() { return **database; }
  // Nobody and nothing is known any more: for a test that begins again with another store.
  void start_over();
  std::string user(bool premium = false);
  // With results in the store, completed now.
  std::string done_job(const std::string& user_id, MemoryStore& store);
  Job job(const std::string& id);
  std::vector<Task> take(const std::string& kind, std::int64_t limit = 16, const std::string& worker = "w");
  // Whatever is due, until nothing is; returns how many tasks that were.
  int work_off(MemoryStore& store, const std::function<void(std::string_view)>& step = {});
  // What must hold whatever happens: every finished job has a readable or cold copy of its results.
  void expect_nothing_lost(MemoryStore& store);

  JobTerms terms;
  test::RecordingContext context;
  std::unique_ptr<TestDatabase> database;
  std::vector<Letter> sent;
};

}  // namespace winnow::jobs
