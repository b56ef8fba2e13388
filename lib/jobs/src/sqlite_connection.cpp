#include "sqlite_connection.hpp"

#include <fmt/format.h>

#include <utility>

namespace winnow::jobs {
namespace {

void answer_clock(sqlite3_context* context, int /*count*/, sqlite3_value** /*arguments*/) {
  const auto& clock = *static_cast<const std::function<std::int64_t()>*>(sqlite3_user_data(context));
  sqlite3_result_int64(context, clock());
}

ErrorKind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      return ErrorKind::kInvalid;
    default:
      return ErrorKind::kIo;
  }
}

}  // namespace

SqliteConnection::SqliteConnection(const std::filesystem::path& file, Role role,
                                   const std::function<std::int64_t()>& clock)
    : name_(file.string()) {
  const bool writes = role == Role::kWriter;
  sqlite3* opened = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (writes ? SQLITE_OPEN_CREATE : 0);
  const int result = sqlite3_open_v2(name_.c_str(), &opened, flags, nullptr);
  database_.reset(opened);
  if (result != SQLITE_OK) fail("opening");
  sqlite3_extended_result_codes(opened, 1);
  sqlite3_busy_timeout(opened, 5000);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_create_function(opened, "now_us", 0, SQLITE_UTF8 | SQLITE_INNOCUOUS,
                          const_cast<std::function<std::int64_t()>*>(&clock), answer_clock, nullptr, nullptr);
  if (writes) {
    const Rows mode = run("PRAGMA journal_mode=WAL");
    if (mode.empty() || mode[0].text(0) != "wal") {
      throw Error(ErrorKind::kIo, name_, "cannot keep a write-ahead log there; use a local file system");
    }
    run("PRAGMA synchronous=FULL");  // a commit is on the disk, not only on its way
    run("PRAGMA wal_autocheckpoint=1000");
    run("PRAGMA journal_size_limit=67108864");
  } else {
    // Only the writer copies the log back: in SQLite before 3.51.3 two that do it at once can damage the
    // file.
    run("PRAGMA wal_autocheckpoint=0");
    sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    run("PRAGMA query_only=ON");
  }
  run("PRAGMA foreign_keys=ON");
  run("PRAGMA trusted_schema=OFF");
  run("PRAGMA temp_store=MEMORY");
}

Rows SqliteConnection::run(std::string_view sql, std::span<const Value> values) {
  sqlite3_stmt* const statement = prepare(sql);
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> reset(statement, sqlite3_reset);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int at = sqlite3_bind_parameter_index(statement, fmt::format("${}", i + 1).c_str());
    if (at == 0) continue;  // a statement need not use all
    if (const auto* number = std::get_if<std::int64_t>(&values[i])) {
      sqlite3_bind_int64(statement, at, *number);
    } else if (const auto* text = std::get_if<std::string>(&values[i])) {
      sqlite3_bind_text64(statement, at, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    } else {
      sqlite3_bind_null(statement, at);
    }
  }
  Rows rows;
  while (true) {
    const int result = sqlite3_step(statement);
    if (result == SQLITE_DONE) return rows;
    if (result != SQLITE_ROW) fail("running a statement");
    std::vector<Value> row(static_cast<std::size_t>(sqlite3_column_count(statement)));
    for (std::size_t i = 0; i < row.size(); ++i) {
      const int column = static_cast<int>(i);
      switch (sqlite3_column_type(statement, column)) {
        case SQLITE_NULL:
          break;
        case SQLITE_INTEGER:
          row[i] = static_cast<std::int64_t>(sqlite3_column_int64(statement, column));
          break;
        default:
          row[i] = std::string(reinterpret_cast<const char*>(sqlite3_column_text(statement, column)),
                               static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
      }
    }
    rows.emplace_back(std::move(row));
  }
}

sqlite3_stmt* SqliteConnection::prepare(std::string_view sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return found->second.get();
  const std::string text = for_engine(sql, "", "");
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(database_.get(), text.c_str(), static_cast<int>(text.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
    fail("preparing a statement");
  }
  return statements_.emplace(std::string(sql), Statement(statement)).first->second.get();
}

void SqliteConnection::fail(std::string_view doing) const {
  const int code = database_ ? sqlite3_extended_errcode(database_.get()) : SQLITE_NOMEM;
  const std::string_view advice = (code & 0xff) == SQLITE_FULL ? "; make room on the disk" : "";
  throw Error(
      kind_of(code), name_,
      fmt::format("{}: {}{}", doing, database_ ? sqlite3_errmsg(database_.get()) : "out of memory", advice));
}

}  // namespace winnow::jobs
