#include "winnow/doctor/network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_http_server.hpp"
#include "support/recording_context.hpp"
#include "winnow/core/error.hpp"

namespace winnow::doctor {
namespace {

TEST(AskHosts, SaysHowFarItCame) {
  test::FakeHttpServer server;
  server.route("/robots.txt", [](auto& client, const auto&) {
    client.respond(200, "Date: Sun, 22 Nov 2020 03:26:10 GMT\r\n", "User-agent: *\n");
  });
  const std::string address = server.url("");
  const std::vector<Host> hosts =
      ask_hosts({address, "http://127.0.0.1:1", "no-such-name.invalid"}, test::RecordingContext());
  ASSERT_EQ(hosts.size(), 3U);
  EXPECT_EQ(hosts[0].failure_code, "") << hosts[0].failure;
  EXPECT_EQ(hosts[0].status, 200);
  EXPECT_GT(hosts[0].clock_ahead.value_or(std::chrono::seconds(0)), std::chrono::hours(24 * 365));
  EXPECT_EQ(hosts[1].failure_code, "connect");
  EXPECT_EQ(hosts[2].failure_code, "dns");
  EXPECT_EQ(hosts[2].name, "https://no-such-name.invalid");
}

TEST(AskHosts, TakesAnyAnswerAndAnyDate) {
  test::FakeHttpServer server;
  server.route("/robots.txt",
               [](auto& client, const auto&) { client.respond(404, "Date: yesterday\r\n", ""); });
  const std::vector<Host> hosts = ask_hosts({server.url("/some/page")}, test::RecordingContext());
  EXPECT_EQ(hosts[0].status, 404);
  EXPECT_FALSE(hosts[0].clock_ahead);
}

TEST(AskHosts, RefusesWhatIsNoName) {
  for (const char* name : {"", "ftp://example.org", "a b", "http://"}) {
    try {
      (void)ask_hosts({name}, test::RecordingContext());
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage) << name;
    }
  }
}

}  // namespace
}  // namespace winnow::doctor
