#include "support/test_database.hpp"

#include <fmt/format.h>

#include <chrono>

namespace winnow::test {
namespace {

std::int64_t machine_clock() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

TestDatabase::TestDatabase(const std::string& engine) : is_postgres_(engine == "postgresql") {
  where_ = is_postgres_ ? postgres().create_database() : (folder_ / "jobs.db").string();
  database_ = open();
  jobs::prepare_schema(*database_);
}

PostgresServer& TestDatabase::postgres() {
  static PostgresServer server;
  return server;
}

std::unique_ptr<jobs::Database> TestDatabase::open() {
  if (is_postgres_) return jobs::open_postgres({.connection = where_});
  return jobs::open_sqlite({.file = where_, .clock = [this] { return machine_clock() + offset_; }});
}

void TestDatabase::reopen() {
  database_.reset();
  database_ = open();
}

void TestDatabase::advance(std::chrono::microseconds time) {
  offset_ += time.count();
  if (!is_postgres_) return;
  database_->write([&](jobs::Transaction& transaction) {
    (void)transaction.run(
        fmt::format("CREATE OR REPLACE FUNCTION now_us() RETURNS bigint LANGUAGE sql STABLE AS"
                    " 'SELECT (extract(epoch FROM statement_timestamp())*1000000)::bigint + {}'",
                    offset_.load()));
  });
}

std::string TestDatabase::ask(const std::string& sql) {
  std::string answer;
  database_->read([&](jobs::Transaction& transaction) {
    const jobs::Rows rows = transaction.run("SELECT CAST((" + sql + ") AS TEXT)");
    if (!rows.empty()) answer = rows[0].text(0);
  });
  return answer;
}

}  // namespace winnow::test
