// What deploy/ and docs/operating ask of /metrics is what a running server says there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/built.hpp"
#include "support/certificate.hpp"
#include "support/colour_network.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls_client.hpp"
#include "winnow/core/bytes.hpp"

namespace winnow {
namespace {

using test::TlsClient;

TEST(ServeMetrics, AreWhatDashboardsAlertsAndPagesName) {
  const test::TemporaryFolder folder;
  const Bytes model = test::colour_model({});
  folder.write("colours.onnx", as_text(model));
  const test::Certificate made = test::make_certificate("first");
  folder.write("cert.pem", made.certificate);
  folder.write("key.pem", made.key);
  test::Process server({"winnow-serve", "colours.onnx", "--no-cache", "--listen", "127.0.0.1:0", "--poll",
                        "0.05", "--data", "data", "--tls-cert", "cert.pem", "--tls-key", "key.pem"},
                       folder.path());
  const std::string start = "ready on https://127.0.0.1:";
  const std::string line = server.wait_for_err(start);
  const auto port = static_cast<std::uint16_t>(std::stoi(line.substr(line.find(start) + start.size())));
  folder.write("colours.onnx", "no model");  // some families are there only once there is something to count
  server.wait_for_err("the one before goes on answering");
  std::string reply;
  // A request counts once it is over: the first look is seen by a later one.
  for (int i = 0; i < 100 && reply.find("winnow_requests_total") == std::string::npos; ++i) {
    TlsClient client(port);
    client.send("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    reply = client.read_all();
  }
  ASSERT_THAT(reply, testing::HasSubstr("winnow_requests_total"));
  folder.write("metrics", reply.substr(reply.find("\r\n\r\n") + 4));
  const test::Finished checked = test::run(
      {WINNOW_PEERS_PYTHON, WINNOW_METRIC_NAMES_TEST, WINNOW_SOURCE, (folder / "metrics").string()});
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
}

}  // namespace
}  // namespace winnow
