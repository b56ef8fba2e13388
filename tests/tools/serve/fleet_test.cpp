// Several machines, in the short form; `make fleet` has the long one.
#include <gmock/gmock.h>

#include <filesystem>

#include "running_nginx.hpp"
#include "serve_process.hpp"
#include "support/built.hpp"
#include "support/postgres_server.hpp"

namespace winnow::test {
namespace {

using ServeFleet = ServeTest;

// Restarts, kills, renewals, a bad model, a database away, backup and restore, under load all the while.
TEST_F(ServeFleet, FailsNobodyAndLosesNothing) {
  WINNOW_NEED_NGINX();
  if (!PostgresServer::available() || !std::filesystem::exists(peers_python().parent_path() / "weed"))
    GTEST_SKIP() << "PostgreSQL or SeaweedFS is not installed";
  Process process({peers_python(), script("fleet.py"), "--short", "--model", "colours.onnx", "--photo",
                   "red.jpg", "--bin", built_programs()},
                  folder_.path());
  const Finished finished = process.wait(std::chrono::seconds(290));
  EXPECT_EQ(finished.exit_code, 0) << finished.out << finished.err;
  EXPECT_THAT(finished.out, testing::HasSubstr("all done, none lost, none twice, no task given up"));
}

}  // namespace
}  // namespace winnow::test
