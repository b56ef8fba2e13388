#include "winnow/jobs/scaling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "winnow/jobs/task_kinds.hpp"

namespace winnow::jobs {
namespace {

constexpr std::int64_t kSampleEvery = 10'000'000;
constexpr double kMicroseconds = 1e6;

constexpr std::string_view kWorkers =
    "SELECT COALESCE(SUM(capacity),0) FROM workers WHERE seen_at>now_us()-60000000";
constexpr std::string_view kBegin =
    "INSERT INTO scaling(one,at,state) VALUES(1,0,'{}') ON CONFLICT DO NOTHING";
// Somebody else's sample is as good.
constexpr std::string_view kRemembered = "SELECT now_us(),at,state FROM scaling WHERE one=1 {LOCK}";
constexpr std::string_view kRemember = "UPDATE scaling SET at=now_us(),state=$1 WHERE one=1";
constexpr std::string_view kLastPlan = "SELECT state FROM scaling WHERE one=1";

// Jobs that workers can have in work at a time.
std::int64_t count_ready(Transaction& transaction) {
  return transaction.run(kWorkers)[0].integer(0);
}

// Those of jobs; zeros while there is none.
QueueCounts annotations(const std::vector<QueueCounts>& all) {
  const auto found =
      std::find_if(all.begin(), all.end(), [](const QueueCounts& c) { return c.kind == kAnnotate; });
  return found == all.end() ? QueueCounts() : *found;
}

Json to_json(const AutoscalePlan& plan) {
  return {{"wanted", plan.wanted},
          {"reason", name_of(plan.reason)},
          {"need", plan.need},
          {"arrivals_per_s", plan.arrivals_per_s},
          {"service_s", plan.service_s}};
}

// The names of reasons are for people; only the numbers are read back.
AutoscalePlan plan_from_json(const Json& json) {
  AutoscalePlan plan;
  plan.wanted = json.value("wanted", 0);
  plan.need = json.value("need", 0.0);
  plan.arrivals_per_s = json.value("arrivals_per_s", 0.0);
  plan.service_s = json.value("service_s", 0.0);
  return plan;
}

AutoscalePlan last_plan(const std::string& state) {
  const Json json = Json::parse(state, nullptr, false);
  return json.is_object() && json.contains("plan") ? plan_from_json(json["plan"]) : AutoscalePlan();
}

// One family of metrics, with a line for each kind of task.
template <class Number>
void add_family(std::string& text, const char* name, const char* type, const char* help,
                const std::vector<QueueCounts>& all, Number number) {
  text += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
  for (const QueueCounts& counts : all)
    text += fmt::format("{}{{kind=\"{}\"}} {}\n", name, counts.kind, number(counts));
}

template <class Number>
void add(std::string& text, const char* name, const char* type, const char* help, Number value) {
  text += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n{0} {3}\n", name, type, help, value);
}

}  // namespace

AutoscalePlan plan_workforce(Transaction& transaction, const AutoscaleOptions& options) {
  (void)transaction.run(kBegin);
  const Rows rows = transaction.run(kRemembered);
  if (rows.empty() || rows[0].integer(0) - rows[0].integer(1) < kSampleEvery) {
    const Rows last = transaction.run(kLastPlan);
    return last.empty() ? AutoscalePlan() : last_plan(last[0].text(0));
  }
  const Json remembered = Json::parse(rows[0].text(2), nullptr, false);
  AutoscaleState state;
  if (remembered.is_object() && remembered.contains("memory"))
    state = autoscale_state_from_json(remembered["memory"]);
  const QueueCounts counts = annotations(count_tasks(transaction));
  const QueueSample sample{.time_s = static_cast<double>(rows[0].integer(0)) / kMicroseconds,
                           .enqueued_total = static_cast<std::uint64_t>(counts.enqueued_total),
                           .completed_total = static_cast<std::uint64_t>(counts.completed_total),
                           .service_s_total = static_cast<double>(counts.service_us_total) / kMicroseconds,
                           .backlog = static_cast<std::uint64_t>(counts.backlog),
                           .inflight = static_cast<int>(counts.inflight),
                           .ready = static_cast<int>(count_ready(transaction))};
  const AutoscalePlan plan = plan_workers(state, sample, options);
  const Json kept = {{"plan", to_json(plan)}, {"memory", to_json(state)}};
  (void)transaction.run(kRemember, {kept.dump()});
  return plan;
}

std::string job_metrics(Database& database) {
  std::vector<QueueCounts> all;
  std::int64_t ready = 0;
  AutoscalePlan plan;
  database.read([&](Transaction& transaction) {
    all = count_tasks(transaction);
    ready = count_ready(transaction);
    const Rows last = transaction.run(kLastPlan);
    if (!last.empty()) plan = last_plan(last[0].text(0));
  });
  const QueueCounts jobs = annotations(all);
  const auto seconds = [](std::int64_t us) { return static_cast<double>(us) / kMicroseconds; };
  std::string text;
  add(text, "winnow_jobs_enqueued_total", "counter", "Jobs that came.", jobs.enqueued_total);
  add(text, "winnow_jobs_completed_total", "counter", "Jobs that were done.", jobs.completed_total);
  add(text, "winnow_jobs_service_seconds_total", "counter", "Time that was worked on jobs that were done.",
      seconds(jobs.service_us_total));
  add(text, "winnow_jobs_backlog", "gauge", "Jobs that wait.", jobs.backlog);
  add(text, "winnow_jobs_inflight", "gauge", "Jobs that are in work.", jobs.inflight);
  add(text, "winnow_jobs_oldest_seconds", "gauge", "How long the oldest has waited.",
      seconds(jobs.oldest_us));
  add(text, "winnow_jobs_ready", "gauge", "Jobs that workers can have in work at a time.", ready);
  add(text, "winnow_jobs_wanted_workers", "gauge", "Workers that the queue wants.", plan.wanted);
  add_family(text, "winnow_tasks_completed_total", "counter", "Tasks of a kind that were done.", all,
             [](const QueueCounts& c) { return c.completed_total; });
  add_family(text, "winnow_tasks_backlog", "gauge", "Tasks of a kind that are due and wait.", all,
             [](const QueueCounts& c) { return c.backlog; });
  add_family(text, "winnow_tasks_dead", "gauge", "Tasks of a kind that were given up after their last try.",
             all, [](const QueueCounts& c) { return c.dead; });
  add_family(text, "winnow_tasks_retrying", "gauge", "Tasks of a kind that wait after a try that failed.",
             all, [](const QueueCounts& c) { return c.retrying; });
  add_family(text, "winnow_tasks_oldest_seconds", "gauge", "How long the oldest of a kind has been due.", all,
             [&](const QueueCounts& c) { return seconds(c.oldest_us); });
  return text;
}

}  // namespace winnow::jobs
