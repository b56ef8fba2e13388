#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "support/built.hpp"
#include "support/colour_network.hpp"
#include "support/fake_http_server.hpp"
#include "support/free_port.hpp"
#include "support/peer.hpp"
#include "support/postgres_server.hpp"
#include "support/process.hpp"
#include "support/raw_client.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/image/encode.hpp"

namespace winnow {
namespace {

using test::Finished;
using testing::HasSubstr;

class ServeJobs : public testing::Test {
 protected:
  void SetUp() override {
    folder_.write("colours.onnx", std::string(as_text(test::colour_model())));
    image::Image picture(64, 48);
    for (std::size_t i = 0; i < picture.size_bytes(); i += 3) picture.pixels()[i] = 250;
    folder_.write("red.jpg", std::string(as_text(image::encode_jpeg(picture))));
  }

  // A minute of users and kills, in the short form; `make torture` has the long one.
  void torture(const std::string& where, const std::string& seconds) {
    const Finished finished = [&] {
      test::Process process(
          {"/usr/bin/python3", test::script("jobs_torture.py"), where, "--model", "colours.onnx", "--photo",
           "red.jpg", "--bin", test::built_programs(), "--seconds", seconds, "--users", "3"},
          folder_.path());
      return process.wait(std::chrono::seconds(280));
    }();
    EXPECT_EQ(finished.exit_code, 0) << finished.out << finished.err;
    EXPECT_THAT(finished.out, HasSubstr("none lost, none twice, no task given up"));
  }

  Finished serve(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"winnow-serve", "--no-cache", "--listen", "127.0.0.1:0"});
    return test::run(arguments, folder_.path());
  }

  static std::uint16_t wait_for_port(test::Process& server) {
    const std::string line = server.wait_for_err("ready on http://127.0.0.1:");
    return static_cast<std::uint16_t>(std::stoi(line.substr(line.find("http://127.0.0.1:") + 17)));
  }

  test::TemporaryFolder folder_;
};

TEST_F(ServeJobs, LosesNothingWhenTheProcessIsKilled) {
  torture("one", "5");
}

TEST_F(ServeJobs, LosesNothingWhenAnyOfManyIsKilled) {
  if (!test::PostgresServer::available() ||
      !std::filesystem::exists(test::peers_python().parent_path() / "weed"))
    GTEST_SKIP() << "PostgreSQL or SeaweedFS is not installed";
  torture("many", "8");
}

TEST_F(ServeJobs, LosesNothingWhereClocksAreOff) {
  if (!test::PostgresServer::available()) GTEST_SKIP() << "PostgreSQL is not installed";
  torture("skew", "8");
}

TEST_F(ServeJobs, AFolderIsForOneProcess) {
  test::Process first(
      {"winnow-serve", "colours.onnx", "--no-cache", "--listen", "127.0.0.1:0", "--data", "data"},
      folder_.path());
  (void)first.wait_for_err("ready on");
  const Finished second = serve({"colours.onnx", "--data", "data"});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.err, HasSubstr("data/jobs.db: is in use by another process"));
}

TEST_F(ServeJobs, DoesNotBeginWhereTheStoreRefuses) {
  test::FakeHttpServer store;
  store.route("/pictures", [](auto& connection, const auto&) {
    connection.respond(
        403, "",
        "<Error><Code>RequestTimeTooSkewed</Code><ServerTime>2026-11-21T12:00:00Z</ServerTime></Error>");
  });
  folder_.write("keys", "key\nsecret\n");
  const Finished finished = serve({"colours.onnx", "--data", "data", "--storage", "s3://pictures",
                                   "--s3-endpoint", store.url(""), "--s3-keys-file", "keys"});
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_THAT(finished.err, HasSubstr("s3://pictures/: the clock of this machine is more than 15 minutes"));
}

TEST_F(ServeJobs, BeginsBeforeTheStoreDoes) {
  folder_.write("keys", "key\nsecret\n");
  test::Process process({"winnow-serve", "colours.onnx", "--no-cache", "--listen", "127.0.0.1:0", "--data",
                         "data", "--storage", "s3://pictures", "--s3-endpoint",
                         fmt::format("http://127.0.0.1:{}", test::free_port()), "--s3-keys-file", "keys"},
                        folder_.path());
  EXPECT_THAT(process.wait_for_err("ready on"), HasSubstr("storage: s3://pictures/: "));
}

TEST_F(ServeJobs, SaysWhichOptionsDoNotFit) {
  const auto error_of = [&](std::vector<std::string> arguments) {
    const Finished finished = serve(std::move(arguments));
    EXPECT_EQ(finished.exit_code, 2) << finished.err;
    return finished.err;
  };
  EXPECT_THAT(error_of({"colours.onnx", "--role", "worker"}),
              HasSubstr("--role: is of no use without --database"));
  EXPECT_THAT(error_of({"colours.onnx", "--role", "worker", "--data", "d"}), HasSubstr("needs --database"));
  EXPECT_THAT(error_of({"colours.onnx", "--data", "d", "--mail", "mail.example"}),
              HasSubstr("is not smtp://"));
  EXPECT_THAT(error_of({"colours.onnx", "--data", "d", "--mail", "smtp://mail.example"}),
              HasSubstr("--mail-from: is needed"));
  EXPECT_THAT(error_of({"autoscale-plan"}), HasSubstr("autoscale-plan: needs --database"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "d/jobs.db"))
      << "nothing is made before all is known to fit";
}

TEST_F(ServeJobs, TellsHowManyWorkersAreWanted) {
  if (!test::PostgresServer::available()) GTEST_SKIP() << "PostgreSQL is not installed";
  test::PostgresServer server;
  const Finished finished = test::run(
      {"winnow-serve", "autoscale-plan", "--database", server.create_database(), "--min-workers", "3"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(finished.out, "3\n");
}

// Users must not be able to help themselves to what others pay for.
TEST_F(ServeJobs, LetsThePaymentProviderAloneChangePlans) {
  folder_.write("secret", "whsec_test\n");
  const auto status_of = [&](const std::vector<std::string>& more, const std::string& path) {
    std::vector<std::string> words = {"winnow-serve", "colours.onnx", "--no-cache", "--listen",
                                      "127.0.0.1:0",  "--data",       "data"};
    words.insert(words.end(), more.begin(), more.end());
    test::Process server(words, folder_.path());
    const std::uint16_t port = wait_for_port(server);
    return test::request(port, "POST", path, "{}").status;
  };
  EXPECT_EQ(status_of({}, "/webhooks/stripe"), 404) << "nobody is paid";
  EXPECT_EQ(status_of({"--payments-secret-file", "secret"}, "/webhooks/stripe"), 400)
      << "heard, and not believed without a signature";
}

// What scrapers and autoscalers read; promtool's opinion of all of /metrics has its own test.
TEST_F(ServeJobs, CountsJobsForPrometheus) {
  test::Process server(
      {"winnow-serve", "colours.onnx", "--no-cache", "--listen", "127.0.0.1:0", "--data", "data"},
      folder_.path());
  const std::uint16_t port = wait_for_port(server);
  std::string text;
  for (int i = 0; i < 400 && text.find("winnow_jobs_ready 1\n") == std::string::npos; ++i) {
    text = test::request(port, "GET", "/metrics", "").body;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  for (const char* metric :
       {"winnow_jobs_enqueued_total 0\n", "winnow_jobs_completed_total 0\n",
        "winnow_jobs_service_seconds_total 0\n", "winnow_jobs_backlog 0\n", "winnow_jobs_inflight 0\n",
        "winnow_database_up 1\n", "winnow_jobs_oldest_seconds 0\n", "winnow_jobs_ready 1\n",
        "winnow_jobs_wanted_workers "}) {
    EXPECT_THAT(text, HasSubstr(metric));
  }
  EXPECT_EQ(test::request(port, "GET", "/jobs", "").status, 303);
}

}  // namespace
}  // namespace winnow
