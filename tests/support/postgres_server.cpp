#include "support/postgres_server.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "support/free_port.hpp"

namespace winnow::test {
namespace {

// The newest version's programs; empty if there is none.
std::filesystem::path programs() {
  std::filesystem::path newest;
  std::error_code none;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", none)) {
    if (exists(version.path() / "bin/initdb") && version.path() > newest) newest = version.path();
  }
  return newest.empty() ? newest : newest / "bin";
}

// PostgreSQL refuses to run as root.
std::vector<std::string> as_somebody(std::vector<std::string> command) {
  if (geteuid() != 0) return command;
  std::vector<std::string> all = {"/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres",
                                  "--clear-groups"};
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

}  // namespace

bool PostgresServer::available() {
  return !programs().empty();
}

PostgresServer::PostgresServer() : port_(free_port()) {
  if (geteuid() == 0) {
    const Finished owner = run({"/bin/chown", "postgres", folder_.path().string()});
    EXPECT_EQ(owner.exit_code, 0) << owner.err;
  }
  const Finished made =
      run(as_somebody({(programs() / "initdb").string(), "-D", (folder_ / "data").string(), "-U", "winnow",
                       "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8"}));
  EXPECT_EQ(made.exit_code, 0) << made.err;
  start();
}

PostgresServer::~PostgresServer() {
  server_->signal(SIGQUIT);
  (void)server_->wait();
}

void PostgresServer::start() {
  server_ = std::make_unique<Process>(as_somebody(
      {(programs() / "postgres").string(), "-D", (folder_ / "data").string(), "-p", std::to_string(port_),
       "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + folder_.path().string(), "-c",
       "max_connections=200", "-c", "shared_buffers=16MB"}));
  for (int attempt = 0; attempt < 200; ++attempt) {
    if (run({(programs() / "pg_isready").string(), "-h", "127.0.0.1", "-p", std::to_string(port_), "-q"})
            .exit_code == 0) {
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  ADD_FAILURE() << "PostgreSQL does not start: " << server_->err();
}

void PostgresServer::crash() {
  server_->signal(SIGQUIT);
  (void)server_->wait();
}

std::string PostgresServer::create_database(int port) {
  const std::string name = "winnow" + std::to_string(++databases_);
  administer("CREATE DATABASE " + name);
  return "postgresql://winnow@127.0.0.1:" + std::to_string(port == 0 ? port_ : port) + "/" + name;
}

std::string PostgresServer::administer(const std::string& sql) const {
  const Finished done = run({(programs() / "psql").string(), "-h", "127.0.0.1", "-p", std::to_string(port_),
                             "-U", "winnow", "-d", "postgres", "-qAtc", sql});
  EXPECT_EQ(done.exit_code, 0) << done.err;
  return done.out;
}

}  // namespace winnow::test
