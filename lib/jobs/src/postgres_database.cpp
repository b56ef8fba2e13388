#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "notification.hpp"
#include "postgres_connection.hpp"

namespace winnow::jobs {
namespace {

constexpr int kTries = 8;  // of transactions that get in each other's way
// How long a server that is away is waited for: its restart takes less, and a proxy waits longer for an
// answer.
constexpr auto kPatience = std::chrono::seconds(10);

class PostgresDatabase : public Database {
 public:
  explicit PostgresDatabase(PostgresOptions options) : options_(std::move(options)) {
    try {
      give_back(std::make_unique<PostgresConnection>(options_.connection));
      open_ = 1;
    } catch (const ConnectionLost& lost) {
      throw Error(ErrorKind::kNetwork, "PostgreSQL", lost.what());
    }
    listener_ = std::jthread([this](const std::stop_token& stop) { listen(stop); });
  }

  void write(const Work& work) override { transact(work, false); }
  void read(const Work& work) override { transact(work, true); }

  std::uint64_t wait(std::uint64_t seen, std::chrono::milliseconds time,
                     const std::stop_token& stop) override {
    return notification_.wait(seen, time, stop);
  }

  [[nodiscard]] std::string_view engine() const override { return "postgresql"; }

 private:
  void transact(const Work& work, bool read_only) {
    // While it is known to be away, nobody waits for it: those behind would wait for them.
    const auto give_up = std::chrono::steady_clock::now() + (away_ ? std::chrono::seconds(0) : kPatience);
    for (int attempt = 1;; ++attempt) {
      try {
        attempt_once(work, read_only);
        away_ = false;
        return;
      } catch (const SerializationFailure& failure) {
        if (attempt >= kTries) throw Error(ErrorKind::kIo, "PostgreSQL", failure.what());
      } catch (const ConnectionLost& lost) {
        // Whether it was committed or not: run again, it finds out.
        if (std::chrono::steady_clock::now() >= give_up) {
          away_ = true;
          throw Error(ErrorKind::kNetwork, "PostgreSQL", lost.what());
        }
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10 << std::min(attempt, 6)));
    }
  }

  void attempt_once(const Work& work, bool read_only) {
    std::unique_ptr<PostgresConnection> connection = take();
    try {
      connection->begin(read_only);
      work(*connection);
      connection->commit();
    } catch (...) {
      if (!connection->try_rollback()) connection.reset();
      give_back(std::move(connection));
      throw;
    }
    give_back(std::move(connection));
  }

  std::unique_ptr<PostgresConnection> take() {
    std::unique_lock lock(mutex_);
    back_.wait(lock, [&] { return !idle_.empty() || open_ < options_.connections; });
    if (!idle_.empty()) {
      std::unique_ptr<PostgresConnection> connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
    ++open_;
    lock.unlock();
    try {
      return std::make_unique<PostgresConnection>(options_.connection);
    } catch (...) {
      give_back(nullptr);
      throw;
    }
  }

  // Null: it broke. Then the idle ones probably have, too.
  void give_back(std::unique_ptr<PostgresConnection> connection) {
    {
      const std::lock_guard lock(mutex_);
      if (connection) {
        idle_.push_back(std::move(connection));
      } else {
        open_ -= 1 + static_cast<unsigned>(idle_.size());
        idle_.clear();
      }
    }
    back_.notify_all();
  }

  void listen(const std::stop_token& stop) {
    std::unique_ptr<PostgresConnection> connection;
    while (!stop.stop_requested()) {
      try {
        if (!connection) {
          connection = std::make_unique<PostgresConnection>(options_.connection);
          connection->listen();
          notification_.raise();  // for what came while nobody listened
        }
        if (connection->wait_notified(std::chrono::milliseconds(100))) notification_.raise();
      } catch (const std::exception&) {  // whoever waits looks every second anyway
        connection.reset();
        (void)notification_.wait(~std::uint64_t{0}, std::chrono::seconds(1), stop);
      }
    }
  }

  const PostgresOptions options_;
  Notification notification_;
  std::atomic<bool> away_ = false;  // has been waited for, in vain

  std::mutex mutex_;  // for the next three
  std::condition_variable back_;
  std::vector<std::unique_ptr<PostgresConnection>> idle_;
  unsigned open_ = 0;  // those in use and those idle

  std::jthread listener_;
};

}  // namespace

std::unique_ptr<Database> open_postgres(const PostgresOptions& options) {
  return std::make_unique<PostgresDatabase>(options);
}

}  // namespace winnow::jobs
