#pragma once

#include <libpq-fe.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "statement.hpp"
#include "winnow/jobs/database.hpp"

namespace winnow::jobs {

// Another transaction was in the way (SQLSTATE 40001, 40P01): the same may succeed now.
struct SerializationFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// The connection is gone, and with it the transaction, unless that was being committed.
struct ConnectionLost : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// One connection to a PostgreSQL server, with what it has prepared. Not thread-safe.
class PostgresConnection : public Transaction {
 public:
  // Throws ConnectionLost.
  explicit PostgresConnection(const std::string& connection);

  // Throws SerializationFailure, ConnectionLost, and Error{kInvalid | kIo} for all else.
  using Transaction::run;
  Rows run(std::string_view sql, std::span<const Value> values) override;
  void notify() override { notify_ = true; }

  void begin(bool read_only);
  void commit();
  // Returns whether the connection can be used again.
  bool try_rollback() noexcept;

  // Has notifications sent here from now on.
  void listen();
  // Waits for the next for so long at most; returns whether one came. Throws ConnectionLost.
  bool wait_notified(std::chrono::milliseconds time);

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  using Answer = std::unique_ptr<PGresult, Clear>;

  Answer check(PGresult* result);
  const std::string& prepare(std::string_view sql);

  std::unique_ptr<PGconn, Finish> connection_;
  Statements<std::string> statements_;
  bool notify_ = false;
};

}  // namespace winnow::jobs
