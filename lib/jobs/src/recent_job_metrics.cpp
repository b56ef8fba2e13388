#include "winnow/jobs/recent_job_metrics.hpp"

#include <exception>
#include <utility>

#include "winnow/jobs/scaling.hpp"

namespace winnow::jobs {
namespace {

constexpr const char* kHead =
    "# HELP winnow_database_up Whether the database of users and jobs answers.\n"
    "# TYPE winnow_database_up gauge\n";

}  // namespace

RecentJobMetrics::RecentJobMetrics(Database& database, RecentJobMetricsOptions options)
    : options_(options), thread_([this, &database](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
          ask(database);
          constexpr std::uint64_t kNothingWakesIt = ~std::uint64_t{0};
          (void)database.wait(kNothingWakesIt, options_.every, stop);
        }
      }) {}

void RecentJobMetrics::ask(Database& database) {
  std::string said;
  try {
    said = job_metrics(database);
  } catch (const std::exception&) {  // that it does not answer is what is said; the tasks' threads log why
  }
  const std::lock_guard lock(mutex_);
  asked_ = true;
  said_ = std::move(said);
  said_at_ = Clock::now();
}

std::string RecentJobMetrics::text() const {
  const std::lock_guard lock(mutex_);
  if (!asked_) return "";
  const bool up = !said_.empty() && Clock::now() - said_at_ < options_.fresh;
  return kHead + std::string(up ? "winnow_database_up 1\n" + said_ : "winnow_database_up 0\n");
}

}  // namespace winnow::jobs
