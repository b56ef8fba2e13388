// Takes tasks and does them, on as many machines as wanted.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "winnow/jobs/task_handler.hpp"

namespace winnow::jobs {

struct WorkerOptions {
  std::string id;                                 // among all workers; empty: machine, process and chance
  Microseconds lease = std::chrono::seconds(30);  // who is silent for longer has lost its tasks
  std::int64_t capacity = 0;                      // jobs that it can have in work, as others are told
  std::chrono::milliseconds poll{1000};           // between looks, where no notification comes
  Microseconds first_delay = std::chrono::seconds(1);  // before the second try; doubles, with chance
  Microseconds last_delay = std::chrono::minutes(5);
};

// Tasks that are done one after the other by one of some threads.
struct Lane {
  std::vector<std::string> kinds;  // which, the first before the others
  unsigned threads = 1;
  std::int64_t batch = 1;  // taken at a time
};

// What a kind of task needs done. `stop` is asked for when the lease is lost, and when the worker should end:
// the handler then throws soon.
using Handler = std::function<Later(const Task& task, const std::stop_token& stop)>;

// Thread-safe.
class Worker {
 public:
  // bury: see task_handler.hpp; called in the transaction in which a task dies.
  using Bury = std::function<void(Transaction&, std::string_view kind, std::string_view subject,
                                  const std::string& error)>;

  Worker(Database& database, WorkerOptions options, std::vector<Lane> lanes,
         std::map<std::string, Handler> handlers, Bury bury, Logger& log);
  // Ends soon: tasks in work are given back, unless they get done within their next step.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  [[nodiscard]] const std::string& id() const;

  // No new tasks are taken; waits until those in work are done. Returns whether they were within the time.
  bool drain(std::chrono::milliseconds timeout);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Full jitter: anything from 0 to first * 2^(attempt-1), that at most `last`.
[[nodiscard]] Microseconds backoff(std::int64_t attempt, Microseconds first, Microseconds last);

}  // namespace winnow::jobs
