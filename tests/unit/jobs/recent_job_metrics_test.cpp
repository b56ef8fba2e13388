#include "winnow/jobs/recent_job_metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "support/test_database.hpp"
#include "winnow/jobs/queue.hpp"
#include "winnow/jobs/task_kinds.hpp"

namespace winnow::jobs {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

// A database that can be made to fail, or to answer only when it is let go.
class Unreliable : public Database {
 public:
  explicit Unreliable(Database& real) : real_(real) {}

  void write(const Work& work) override { real_.write(work); }
  void read(const Work& work) override {
    while (hangs) std::this_thread::sleep_for(1ms);
    if (fails) throw Error(ErrorKind::kNetwork, "PostgreSQL", "the server went");
    real_.read(work);
  }
  std::uint64_t wait(std::uint64_t seen, std::chrono::milliseconds time,
                     const std::stop_token& stop) override {
    return real_.wait(seen, time, stop);
  }
  [[nodiscard]] std::string_view engine() const override { return real_.engine(); }

  std::atomic<bool> fails = false;
  std::atomic<bool> hangs = false;

 private:
  Database& real_;
};

class RecentJobMetricsTest : public testing::Test {
 protected:
  // The first text with the word in it, or the last of many.
  static std::string wait_for(const RecentJobMetrics& metrics, const std::string& word) {
    std::string text;
    for (int i = 0; i < 5'000 && text.find(word) == std::string::npos; ++i) {
      text = metrics.text();
      std::this_thread::sleep_for(1ms);
    }
    return text;
  }

  test::TestDatabase real_{"sqlite"};
  Unreliable database_{*real_};
};

TEST_F(RecentJobMetricsTest, SaysWhatTheDatabaseSays) {
  const RecentJobMetrics metrics(database_, {.every = 1ms});
  EXPECT_THAT(wait_for(metrics, "winnow_database_up 1\n"), HasSubstr("winnow_jobs_enqueued_total 0\n"));
  real_->write(
      [](Transaction& transaction) { (void)enqueue(transaction, {.kind = kAnnotate, .subject = "job"}); });
  EXPECT_THAT(wait_for(metrics, "winnow_jobs_enqueued_total 1\n"), HasSubstr("winnow_jobs_backlog 1\n"));
}

TEST_F(RecentJobMetricsTest, SaysThatTheDatabaseDoesNotAnswerAndNothingElse) {
  database_.fails = true;
  const RecentJobMetrics metrics(database_, {.every = 1ms});
  EXPECT_THAT(wait_for(metrics, "winnow_database_up 0\n"), Not(HasSubstr("winnow_jobs")));
  database_.fails = false;
  EXPECT_THAT(wait_for(metrics, "winnow_database_up 1\n"), HasSubstr("winnow_jobs_backlog 0\n"));
}

TEST_F(RecentJobMetricsTest, DoesNotWaitForADatabaseThatHangs) {
  const RecentJobMetrics metrics(database_, {.every = 1ms, .fresh = 20ms});
  (void)wait_for(metrics, "winnow_database_up 1\n");
  database_.hangs = true;
  EXPECT_THAT(wait_for(metrics, "winnow_database_up 0\n"), Not(HasSubstr("winnow_jobs")));
  database_.hangs = false;
}

TEST_F(RecentJobMetricsTest, SaysNothingBeforeItHasAsked) {
  database_.hangs = true;
  const RecentJobMetrics metrics(database_);
  EXPECT_EQ(metrics.text(), "");
  database_.hangs = false;
}

}  // namespace
}  // namespace winnow::jobs
