// What job_metrics() has said lately, for whoever must not wait for the database.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <thread>

#include "winnow/jobs/database.hpp"

namespace winnow::jobs {

struct RecentJobMetricsOptions {
  std::chrono::milliseconds every{5'000};   // between two questions
  std::chrono::milliseconds fresh{20'000};  // after which an answer counts as none
};

// Asks the database on a thread of its own. Thread-safe.
class RecentJobMetrics {
 public:
  // database outlives it.
  explicit RecentJobMetrics(Database& database, RecentJobMetricsOptions options = {});

  // Does not block. The text of Prometheus 0.0.4: winnow_database_up, and if that is 1 what job_metrics()
  // says. Nothing at all until the database has been asked for the first time.
  [[nodiscard]] std::string text() const;

 private:
  using Clock = std::chrono::steady_clock;

  void ask(Database& database);

  const RecentJobMetricsOptions options_;
  mutable std::mutex mutex_;  // for the next three
  bool asked_ = false;
  std::string said_;  // empty: the database did not answer
  Clock::time_point said_at_;
  std::jthread thread_;  // last, so that it ends first
};

}  // namespace winnow::jobs
