// How many tasks the queue carries, and how soon one begins that comes to an idle worker.
//
//   jobs_bench FOLDER|postgresql://...   a folder takes a database of SQLite, which is removed at the end
//
// Throughput: no-op tasks, enqueued by 16 threads one transaction each, taken in batches of 16 and completed
// one transaction each by 16 threads; from the first enqueued to the last done. Latency: a task every 50 ms.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>
#include <vector>

#include "winnow/core/error.hpp"
#include "winnow/core/log.hpp"
#include "winnow/core/terminal.hpp"
#include "winnow/jobs/worker.hpp"

namespace winnow::jobs {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTasks = 20'000;
constexpr unsigned kThreads = 16;
constexpr int kSingles = 200;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void enqueue_one(Database& database, const char* kind, int number) {
  database.write([&](Transaction& transaction) {
    (void)enqueue(transaction, {.kind = kind, .subject = std::to_string(number)});
  });
}

void measure_throughput(Database& database, Logger& log) {
  std::atomic<int> done = 0;
  const Worker worker(database, {}, {{.kinds = {"bench"}, .threads = kThreads, .batch = 16}},
                      {{"bench",
                        [&](const Task& task, const std::stop_token&) -> Later {
                          complete(database, task);
                          ++done;
                          return {};
                        }}},
                      {}, log);
  const Clock::time_point start = Clock::now();
  {
    std::vector<std::jthread> senders;
    for (unsigned i = 0; i < kThreads; ++i) {
      senders.emplace_back([&database, i] {
        for (int task = static_cast<int>(i); task < kTasks; task += static_cast<int>(kThreads))
          enqueue_one(database, "bench", task);
      });
    }
  }
  const double enqueued = seconds_since(start);
  while (done < kTasks) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  const double took = seconds_since(start);
  fmt::print("{}: {} tasks in {:.1f} s, {:.0f} tasks/s from enqueue to done ({:.0f}/s enqueued meanwhile)\n",
             database.engine(), kTasks, took, kTasks / took, kTasks / enqueued);
}

void measure_latency(Database& database, Logger& log) {
  std::vector<Clock::time_point> started(kSingles);
  std::atomic<int> done = 0;
  const Worker worker(database, {}, {{.kinds = {"single"}, .threads = 1}},
                      {{"single",
                        [&](const Task& task, const std::stop_token&) -> Later {
                          started[static_cast<std::size_t>(std::stoi(task.subject))] = Clock::now();
                          complete(database, task);
                          ++done;
                          return {};
                        }}},
                      {}, log);
  std::vector<Clock::time_point> sent(kSingles);
  for (int i = 0; i < kSingles; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    sent[static_cast<std::size_t>(i)] = Clock::now();
    enqueue_one(database, "single", i);
  }
  while (done < kSingles) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  std::vector<double> waits;
  for (std::size_t i = 0; i < kSingles; ++i)
    waits.push_back(std::chrono::duration<double, std::milli>(started[i] - sent[i]).count());
  std::sort(waits.begin(), waits.end());
  fmt::print("{}: from enqueue to start {:.1f} ms at the median, {:.1f} ms at p95, {:.1f} ms at most\n",
             database.engine(), waits[waits.size() / 2], waits[waits.size() * 95 / 100], waits.back());
}

int run(const std::string& where) {
  Terminal terminal;
  const auto log = make_logger("jobs_bench", terminal, LogFormat::kText, spdlog::level::warn);
  std::string database_name = where;
  const bool is_folder = !where.starts_with("postgres");
  if (is_folder) database_name = (std::filesystem::path(where) / "jobs_bench.db").string();
  {
    const auto database = open_database(database_name);
    measure_latency(*database, *log);
    measure_throughput(*database, *log);
  }
  if (is_folder) {
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(database_name + suffix);
  }
  return 0;
}

}  // namespace
}  // namespace winnow::jobs

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: jobs_bench FOLDER|postgresql://...\n");
    return 2;
  }
  try {
    return winnow::jobs::run(argv[1]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "jobs_bench: {}\n", error.what());
    return 1;
  }
}
