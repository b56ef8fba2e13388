#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "statement.hpp"
#include "winnow/jobs/database.hpp"

namespace winnow::jobs {

// One connection to an SQLite file, with what it has prepared. Not thread-safe.
class SqliteConnection : public Transaction {
 public:
  enum class Role { kWriter, kReader };

  // clock must outlive it. Throws Error{kIo | kInvalid}.
  SqliteConnection(const std::filesystem::path& file, Role role, const std::function<std::int64_t()>& clock);

  using Transaction::run;
  Rows run(std::string_view sql, std::span<const Value> values) override;
  void notify() override { notified_ = true; }

  // Whether notify() has been called since this was asked last.
  bool take_notified() { return std::exchange(notified_, false); }
  // False where a failure has ended the transaction by itself.
  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

  sqlite3_stmt* prepare(std::string_view sql);
  [[noreturn]] void fail(std::string_view doing) const;

  const std::string name_;  // of the file, for errors
  std::unique_ptr<sqlite3, Close> database_;
  Statements<Statement> statements_;
  bool notified_ = false;
};

}  // namespace winnow::jobs
