// What the site that winnow-serve replaces fell over. Those of its failures that need a proxy in front are in
// ServeBehindNginx; docs/guide/serve.md has the list.
#include <gmock/gmock.h>

#include <map>
#include <mutex>
#include <thread>

#include "serve_process.hpp"
#include "support/raw_client.hpp"
#include "winnow/core/json.hpp"

namespace winnow::test {
namespace {

using testing::HasSubstr;

using ServeOriginalFailures = ServeTest;

// Twelve times 36 MB at once, where there is room for two.
TEST_F(ServeOriginalFailures, MemoryErrors) {
  Process server(command({"--decode-memory", "80000000"}), folder_.path());
  const std::uint16_t port = wait_for_port(server);
  const std::string large = picture(4000, 3000);
  std::mutex mutex;
  std::map<int, int> statuses;
  std::vector<std::jthread> clients;
  for (int i = 0; i < 12; ++i) {
    clients.emplace_back([&] {
      const Reply reply = request(port, "POST", "/api/classify", large);
      const std::lock_guard lock(mutex);
      ++statuses[reply.status];
      EXPECT_EQ(reply.status == 503, !reply.header("retry-after").empty());
    });
  }
  clients.clear();
  EXPECT_EQ(statuses[200] + statuses[503], 12) << testing::PrintToString(statuses);
  EXPECT_GE(statuses[200], 1);
  EXPECT_EQ(request(port, "GET", "/readyz").status, 200);
  EXPECT_EQ(request(port, "POST", "/api/classify", photo()).status, 200) << "and the room is given back";
}

TEST_F(ServeOriginalFailures, StalePagesFromCaches) {
  Process server(command({"--poll", "0.05"}), folder_.path());
  const std::uint16_t port = wait_for_port(server);
  const Reply page = request(port, "GET", "/");
  EXPECT_EQ(page.header("cache-control"), "no-cache") << "whoever keeps it has to ask";
  const std::string condition = "If-None-Match: " + page.header("etag") + "\r\n";
  EXPECT_EQ(request(port, "GET", "/", "", condition).status, 304);
  EXPECT_EQ(request(port, "POST", "/api/classify", photo()).header("cache-control"), "no-store");
  const Bytes two = colour_model({.classes = 2});
  folder_.write("new", as_text(two));
  std::filesystem::rename(folder_ / "new", folder_ / "colours.onnx");
  server.wait_for_err("is now colours.onnx");
  EXPECT_EQ(request(port, "GET", "/", "", condition).status, 200) << "another model is another page";
}

// The model's code once read the server's own arguments, and ended the process. Here it sees a file and
// options of its own, whenever it is called.
TEST_F(ServeOriginalFailures, ModelCodeParsedTheServersArguments) {
  const Finished wrong = run({"winnow-serve", "nowhere.onnx", "--colour"}, folder_.path());
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("--colour")) << "before any model is looked for";
  Process server(command({"--poll", "0.05", "--batch", "2", "--label", "colours:stable=1", "--gate-work", "7",
                          "--burst", "9"}),
                 folder_.path(), {"WINNOW_SERVE_QUEUE=5", "WINNOW_CLASSIFY_TOP=many"});
  const std::uint16_t port = wait_for_port(server);
  EXPECT_EQ(request(port, "POST", "/api/classify?label=stable", photo()).status, 200);
  const Bytes two = colour_model({.classes = 2});
  folder_.write("new", as_text(two));
  std::filesystem::rename(folder_ / "new", folder_ / "colours.onnx");
  server.wait_for_err("is now colours.onnx");
  EXPECT_EQ(Json::parse(request(port, "POST", "/api/classify", photo()).body).at("scores").size(), 2U);
}

TEST_F(ServeOriginalFailures, BotsAtOnce) {
  const std::vector<std::string> wanted = {"/wp-login.php", "/.env",         "/.git/config", "/cgi-bin/luci",
                                           "/phpmyadmin/",  "/actuator/env", "/admin"};
  Process server(command({"--rate", "0.001", "--burst", "9", "--gate", "work"}), folder_.path());
  const std::uint16_t port = wait_for_port(server);
  for (const std::string& path : wanted) EXPECT_EQ(request(port, "GET", path).status, 404) << path;
  EXPECT_EQ(request(port, "POST", "/api/classify", photo()).status, 403) << "without the sum";
  EXPECT_EQ(request(port, "POST", "/xmlrpc.php", "x").status, 404);
  const Reply refused = request(port, "GET", "/");
  EXPECT_EQ(refused.status, 429);
  EXPECT_NE(refused.header("retry-after"), "");
  EXPECT_EQ(request(port, "GET", "/healthz").status, 200) << "health is never refused";
}

}  // namespace
}  // namespace winnow::test
