#include "winnow/jobs/worker.hpp"

#include <fmt/format.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "winnow/core/text.hpp"

namespace winnow::jobs {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kAlive =
    "INSERT INTO workers(id,capacity,seen_at) VALUES($1,$2,now_us()) ON CONFLICT(id) DO UPDATE SET"
    " seen_at=now_us(),capacity=excluded.capacity";
constexpr std::string_view kGone = "DELETE FROM workers WHERE id=$1";
constexpr std::int64_t kSweepAtATime = 100;

std::string make_worker_id() {
  std::array<char, 256> host{};
  (void)gethostname(host.data(), host.size() - 1);
  return fmt::format("{}-{}-{:08x}", host.data(), getpid(), randombytes_random());
}

}  // namespace

Microseconds backoff(std::int64_t attempt, Microseconds first, Microseconds last) {
  const auto doublings = std::clamp<std::int64_t>(attempt - 1, 0, 30);
  const std::int64_t most = std::min(last.count(), first.count() << doublings);
  const double part = static_cast<double>(randombytes_random()) / 4294967296.0;
  return Microseconds(static_cast<std::int64_t>(part * static_cast<double>(most)));
}

struct Worker::Impl {
  Impl(Database& its_database, WorkerOptions its_options, std::map<std::string, Handler> its_handlers,
       Bury its_bury, Logger& its_log)
      : database(its_database),
        options(std::move(its_options)),
        handlers(std::move(its_handlers)),
        bury(std::move(its_bury)),
        log(its_log) {
    if (options.id.empty()) options.id = make_worker_id();
  }

  // Tasks that were claimed together, until the last of them is over.
  struct Held {
    std::string lease_token;
    std::vector<std::string> ids;
    std::stop_source stop;  // of what they are doing
  };

  void run_lane(const Lane& lane, const std::stop_token& stop) {
    std::uint64_t seen = 0;
    while (!stop.stop_requested()) {
      // Asked before the look, so that what comes in between wakes us at once.
      seen = database.wait(seen, std::chrono::milliseconds(0), stop);
      try {
        if (take_some(lane, stop)) continue;
      } catch (const Error& error) {
        log.warn("cannot take tasks: {}", error.what());
      }
      const std::uint64_t jitter =
          randombytes_uniform(static_cast<std::uint32_t>(options.poll.count() / 2 + 1));
      seen = database.wait(seen, options.poll - std::chrono::milliseconds(jitter), stop);
    }
  }

  // Returns whether there were any.
  bool take_some(const Lane& lane, const std::stop_token& stop) {
    for (const std::string& kind : lane.kinds) {
      std::vector<Task> tasks;
      database.write([&](Transaction& transaction) {
        tasks = claim(transaction, kind, lane.batch, options.id, options.lease);
      });
      if (tasks.empty()) continue;
      const auto held = hold(tasks);
      for (const Task& task : tasks) {
        if (stop.stop_requested()) {
          give_back(task);
        } else {
          handle(task, held->stop.get_token());
        }
        let_go(held, task.id);
      }
      return true;
    }
    return false;
  }

  void handle(const Task& task, const std::stop_token& stop) {
    try {
      if (const Later later = handlers.at(task.kind)(task, stop)) {
        database.write([&](Transaction& transaction) { postpone(transaction, task, *later); });
      }
    } catch (const LeaseLost&) {
      log.info("{} {}: somebody else has it by now", task.kind, task.subject);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) {
        give_back(task);
      } else {
        note_failure(task, error.what());
      }
    } catch (const std::exception& error) {
      note_failure(task, error.what());
    }
  }

  void note_failure(const Task& task, const std::string& what) {
    log.warn("{} {}: try {} failed: {}", task.kind, printable(task.subject, 80), task.attempt, what);
    try {
      database.write([&](Transaction& transaction) {
        if (fail(transaction, task, backoff(task.attempt, options.first_delay, options.last_delay), what))
          bury(transaction, task.kind, task.subject, what);
      });
    } catch (const LeaseLost&) {  // it is somebody else's failure or success now
    } catch (const Error& error) {
      log.warn("{}: cannot note the failure, the lease will end: {}", task.kind, error.what());
    }
  }

  void give_back(const Task& task) {
    try {
      database.write([&](Transaction& transaction) {
        postpone(transaction, task, Microseconds(0));
        transaction.notify();
      });
    } catch (const std::exception&) {  // the lease will end
    }
  }

  std::shared_ptr<Held> hold(const std::vector<Task>& tasks) {
    auto held = std::make_shared<Held>();
    held->lease_token = tasks.front().lease_token;
    for (const Task& task : tasks) held->ids.push_back(task.id);
    const std::lock_guard lock(mutex);
    all_held.push_back(held);
    return held;
  }

  void let_go(const std::shared_ptr<Held>& held, const std::string& id) {
    {
      const std::lock_guard lock(mutex);
      std::erase(held->ids, id);
      if (held->ids.empty()) all_held.remove(held);
    }
    changed.notify_all();
  }

  // Prolongs what is held, takes back what others have lost, and says that we are here.
  void keep_alive(const std::stop_token& stop) {
    const auto interval = std::chrono::duration_cast<std::chrono::milliseconds>(options.lease / 4);
    std::mutex never_mutex;
    std::condition_variable_any never;
    while (!stop.stop_requested()) {
      try {
        beat();
      } catch (const std::exception& error) {
        log.warn("no heartbeat: {}", error.what());
      }
      std::unique_lock lock(never_mutex);
      never.wait_for(lock, stop, interval, [] { return false; });
    }
  }

  void beat() {
    std::list<std::shared_ptr<Held>> held;
    {
      const std::lock_guard lock(mutex);
      held = all_held;
    }
    for (const auto& one : held) {
      std::vector<std::string> still;
      database.write([&](Transaction& transaction) {
        still = prolong(transaction, options.id, one->lease_token, options.lease);
      });
      const std::lock_guard lock(mutex);
      const bool lost = std::any_of(one->ids.begin(), one->ids.end(), [&](const std::string& id) {
        return std::find(still.begin(), still.end(), id) == still.end();
      });
      // Of several it may be one that has just been finished; the handlers notice what they have lost.
      if (lost && still.empty()) one->stop.request_stop();
    }
    database.write([&](Transaction& transaction) {
      (void)transaction.run(kAlive, {options.id, options.capacity});
      for (const Swept& swept : sweep(transaction, kSweepAtATime)) {
        if (swept.dead) bury(transaction, swept.kind, swept.subject, "the worker was not heard of any more");
      }
    });
  }

  Database& database;
  WorkerOptions options;
  const std::map<std::string, Handler> handlers;
  const Bury bury;
  Logger& log;

  std::mutex mutex;
  std::condition_variable changed;
  std::list<std::shared_ptr<Held>> all_held;

  std::stop_source stop_taking;
  std::vector<std::jthread> threads;
};

Worker::Worker(Database& database, WorkerOptions options, std::vector<Lane> lanes,
               std::map<std::string, Handler> handlers, Bury bury, Logger& log)
    : impl_(std::make_unique<Impl>(database, std::move(options), std::move(handlers), std::move(bury), log)) {
  for (const Lane& lane : lanes) {
    for (unsigned i = 0; i < lane.threads; ++i) {
      impl_->threads.emplace_back(
          [impl = impl_.get(), lane] { impl->run_lane(lane, impl->stop_taking.get_token()); });
    }
  }
  impl_->threads.emplace_back([impl = impl_.get()](const std::stop_token& stop) { impl->keep_alive(stop); });
}

Worker::~Worker() {
  impl_->stop_taking.request_stop();
  {
    const std::lock_guard lock(impl_->mutex);
    for (const auto& held : impl_->all_held) held->stop.request_stop();
  }
  for (std::jthread& thread : impl_->threads) {
    thread.request_stop();
    thread.join();
  }
  try {
    impl_->database.write(
        [&](Transaction& transaction) { (void)transaction.run(kGone, {impl_->options.id}); });
  } catch (const std::exception&) {  // it will be missed soon
  }
}

const std::string& Worker::id() const {
  return impl_->options.id;
}

bool Worker::drain(std::chrono::milliseconds timeout) {
  impl_->stop_taking.request_stop();
  std::unique_lock lock(impl_->mutex);
  return impl_->changed.wait_for(lock, timeout, [&] { return impl_->all_held.empty(); });
}

}  // namespace winnow::jobs
