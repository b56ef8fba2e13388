// One relational database behind two engines: SQLite inside the process, PostgreSQL for many machines.
//
// Both understand the same text of SQL; only two words differ, and stand in it in braces: {LOCK} (take rows
// that nobody else is taking) and {SHARE} (nobody may change this row until we are done). Parameters are $1,
// $2, ...; times are microseconds since 1970, and now_us() is the database's clock: the clocks of workers
// never count.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "winnow/core/error.hpp"

namespace winnow::jobs {

using Value = std::variant<std::monostate, std::int64_t, std::string>;  // null, BIGINT or INTEGER, TEXT

class Row {
 public:
  explicit Row(std::vector<Value> values) : values_(std::move(values)) {}

  [[nodiscard]] bool is_null(std::size_t column) const;
  // Null reads as 0 and as "".
  [[nodiscard]] std::int64_t integer(std::size_t column) const;
  [[nodiscard]] const std::string& text(std::size_t column) const;

 private:
  std::vector<Value> values_;
};

using Rows = std::vector<Row>;

// Of one thread, for as long as the work that it was given to.
class Transaction {
 public:
  virtual ~Transaction() = default;

  // Runs one statement; the text is prepared once, so it should not be put together from values. Throws
  // Error{kIo} (full disk, damage), Error{kNetwork} (the server went), Error{kInvalid} (the statement).
  virtual Rows run(std::string_view sql, std::span<const Value> values) = 0;
  Rows run(std::string_view sql, std::initializer_list<Value> values = {}) {
    return run(sql, std::span<const Value>(values.begin(), values.size()));
  }
  // Once this has been committed, whoever waits in Database::wait() wakes up, in every process.
  virtual void notify() = 0;
};

// Thread-safe.
class Database {
 public:
  using Work = std::function<void(Transaction&)>;

  virtual ~Database() = default;

  // Runs work in a transaction and returns once it is committed, durably. What work throws rolls back its own
  // changes and is thrown here.
  // Work may be run again after it was committed, where the answer to the commit was lost: it names what it
  // creates itself, and a second run finds that all is done.
  virtual void write(const Work& work) = 0;
  // The same for what only reads: never waits for writers.
  virtual void read(const Work& work) = 0;

  // Counts notifications. Waits until there are more than `seen`, or for the time, or for a stop; returns how
  // many there have been. A notification may be lost: look again now and then anyway.
  virtual std::uint64_t wait(std::uint64_t seen, std::chrono::milliseconds time,
                             const std::stop_token& stop) = 0;

  // "sqlite" or "postgresql".
  [[nodiscard]] virtual std::string_view engine() const = 0;
};

struct SqliteOptions {
  std::filesystem::path file;             // created if it is not there; on a local file system
  unsigned readers = 4;                   // connections that only read
  std::size_t group = 64;                 // transactions that share one commit, at most
  std::function<std::int64_t()> clock;    // for tests; empty: the machine's
  std::optional<std::int64_t> max_pages;  // for tests: the disk is full after so many
};

// One thread writes: transactions that wait meanwhile share its next commit (group commit), so that a sync of
// the disk is paid once for many. A second process is refused. Throws Error{kIo | kInvalid | kUnsupported}.
[[nodiscard]] std::unique_ptr<Database> open_sqlite(const SqliteOptions& options);

struct PostgresOptions {
  std::string connection;    // "postgresql://user:password@host/name" or "host=... dbname=..."
  unsigned connections = 8;  // at most
};

// Connections are made when they are needed and made anew when they break. Throws Error{kNetwork | kInvalid |
// kUnsupported}.
[[nodiscard]] std::unique_ptr<Database> open_postgres(const PostgresOptions& options);

// "postgresql://..." opens PostgreSQL, anything else names a file of SQLite. Tables are made where there are
// none, and brought to this version's shape. Throws Error{kUnsupported} for those of a newer version.
[[nodiscard]] std::unique_ptr<Database> open_database(const std::string& where);

// The same for a database that is open.
void prepare_schema(Database& database);

}  // namespace winnow::jobs
