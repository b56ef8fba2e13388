#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "support/postgres_server.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/jobs/database.hpp"

namespace winnow::test {

// A database whose clock can be moved, on either engine. Once for each test.
class TestDatabase {
 public:
  explicit TestDatabase(const std::string& engine);

  jobs::Database& operator*() { return *database_; }
  jobs::Database* operator->() { return database_.get(); }

  void advance(std::chrono::microseconds time);
  // As another process would: without what this one remembers.
  void reopen();
  // The first column of the first row, as text; "" without.
  std::string ask(const std::string& sql);
  [[nodiscard]] const std::string& where() const { return where_; }
  static PostgresServer& postgres();

 private:
  std::unique_ptr<jobs::Database> open();

  const bool is_postgres_;
  TemporaryFolder folder_;
  std::string where_;
  std::atomic<std::int64_t> offset_ = 0;
  std::unique_ptr<jobs::Database> database_;
};

}  // namespace winnow::test
