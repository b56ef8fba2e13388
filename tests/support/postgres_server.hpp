#pragma once

#include <memory>
#include <string>

#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace winnow::test {

// A PostgreSQL server of our own, with an empty folder, on a free port of the loopback interface; it ends
// with the object. Debian's package has the programs.
class PostgresServer {
 public:
  // Whether the programs are here.
  [[nodiscard]] static bool available();

  PostgresServer();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // "postgresql://..." of a new, empty database.
  // port: of somebody who stands in between; 0 for the server's own.
  [[nodiscard]] std::string create_database(int port = 0);
  [[nodiscard]] int port() const { return port_; }
  // Runs a statement as the administrator, and returns what it prints.
  std::string administer(const std::string& sql) const;

  // Ends it without warning, and starts it again on the same port.
  void crash();
  void start();

 private:
  TemporaryFolder folder_;
  int port_;
  int databases_ = 0;
  std::unique_ptr<Process> server_;
};

}  // namespace winnow::test
