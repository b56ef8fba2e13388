#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "notification.hpp"
#include "sqlite_connection.hpp"

namespace winnow::jobs {
namespace {

std::int64_t system_clock_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Keeps other processes from writing to the file, until the process ends however it ends.
class FileLock {
 public:
  explicit FileLock(const std::filesystem::path& database) {
    const std::string name = database.string() + ".lock";
    descriptor_ = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor_ < 0) throw Error(ErrorKind::kIo, name, system_message(errno));
    if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      close(descriptor_);
      throw Error(ErrorKind::kIo, database.string(),
                  "is in use by another process; stop that, or use PostgreSQL for several");
    }
  }
  ~FileLock() { close(descriptor_); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_;
};

class SqliteDatabase : public Database {
 public:
  explicit SqliteDatabase(const SqliteOptions& options)
      : options_(options),
        clock_(options.clock ? options.clock : system_clock_us),
        lock_(options.file),
        writer_(options.file, SqliteConnection::Role::kWriter, clock_) {
    if (options.max_pages) {
      (void)writer_.run("PRAGMA max_page_count=" + std::to_string(*options.max_pages));
    }
    thread_ = std::jthread([this] { serve(); });
  }

  ~SqliteDatabase() override {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    arrived_.notify_one();
  }

  void write(const Work& work) override {
    Pending pending{work, {}, {}};
    std::future<void> committed = pending.committed.get_future();
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(&pending);
    }
    arrived_.notify_one();
    committed.get();
  }

  void read(const Work& work) override {
    std::unique_ptr<SqliteConnection> reader = take_reader();
    struct Return {
      SqliteDatabase& database;
      std::unique_ptr<SqliteConnection>& reader;
      ~Return() { database.give_back(std::move(reader)); }
    } give_back{*this, reader};
    (void)reader->run("BEGIN");
    try {
      work(*reader);
    } catch (...) {
      (void)reader->run("ROLLBACK");
      throw;
    }
    (void)reader->run("COMMIT");
  }

  std::uint64_t wait(std::uint64_t seen, std::chrono::milliseconds time,
                     const std::stop_token& stop) override {
    return notification_.wait(seen, time, stop);
  }

  [[nodiscard]] std::string_view engine() const override { return "sqlite"; }

 private:
  struct Pending {
    const Work& work;
    std::promise<void> committed;
    std::exception_ptr failure;
  };

  void serve() {
    std::vector<Pending*> group;
    while (true) {
      group.clear();
      {
        std::unique_lock lock(mutex_);
        arrived_.wait(lock, [&] { return !waiting_.empty() || closed_; });
        if (waiting_.empty()) return;
        while (!waiting_.empty() && group.size() < options_.group) {
          group.push_back(waiting_.front());
          waiting_.pop_front();
        }
      }
      commit(group);
      const bool notified = writer_.take_notified();
      for (Pending* pending : group) {
        // The caller's object is gone as soon as it hears of this.
        std::promise<void> committed = std::move(pending->committed);
        if (pending->failure) {
          committed.set_exception(pending->failure);
        } else {
          committed.set_value();
        }
      }
      if (notified) notification_.raise();
    }
  }

  // All of the group in one transaction, each in a savepoint of its own.
  void commit(std::vector<Pending*>& group) {
    try {
      (void)writer_.run("BEGIN IMMEDIATE");
      for (Pending* pending : group) {
        (void)writer_.run("SAVEPOINT work");
        try {
          pending->work(writer_);
        } catch (...) {
          pending->failure = std::current_exception();
          if (!writer_.in_transaction()) throw;  // a full disk takes the others along
          (void)writer_.run("ROLLBACK TO work");
        }
        (void)writer_.run("RELEASE work");
      }
      (void)writer_.run("COMMIT");
    } catch (...) {
      if (writer_.in_transaction()) try_rollback();
      for (Pending* pending : group) {
        if (!pending->failure) pending->failure = std::current_exception();
      }
    }
  }

  void try_rollback() noexcept {
    try {
      (void)writer_.run("ROLLBACK");
    } catch (const Error&) {  // it has already been rolled back
      return;
    }
  }

  std::unique_ptr<SqliteConnection> take_reader() {
    std::unique_lock lock(readers_mutex_);
    reader_back_.wait(lock, [&] { return !idle_.empty() || readers_ < options_.readers; });
    if (!idle_.empty()) {
      std::unique_ptr<SqliteConnection> reader = std::move(idle_.back());
      idle_.pop_back();
      return reader;
    }
    ++readers_;
    try {
      return std::make_unique<SqliteConnection>(options_.file, SqliteConnection::Role::kReader, clock_);
    } catch (...) {
      --readers_;
      throw;
    }
  }

  void give_back(std::unique_ptr<SqliteConnection> reader) {
    {
      const std::lock_guard lock(readers_mutex_);
      if (reader->in_transaction()) {
        --readers_;  // in no state to be used again
      } else {
        idle_.push_back(std::move(reader));
      }
    }
    reader_back_.notify_one();
  }

  const SqliteOptions options_;
  const std::function<std::int64_t()> clock_;
  const FileLock lock_;
  SqliteConnection writer_;  // of thread_
  Notification notification_;

  std::mutex mutex_;  // for the next three
  std::condition_variable arrived_;
  std::deque<Pending*> waiting_;
  bool closed_ = false;

  std::mutex readers_mutex_;  // for the next three
  std::condition_variable reader_back_;
  std::vector<std::unique_ptr<SqliteConnection>> idle_;
  unsigned readers_ = 0;

  std::jthread thread_;
};

}  // namespace

std::unique_ptr<Database> open_sqlite(const SqliteOptions& options) {
  return std::make_unique<SqliteDatabase>(options);
}

}  // namespace winnow::jobs
