#include "request_id.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "running_server.hpp"

namespace winnow::httpd {
namespace {

TEST(RequestId, IsTheClientsIfItIsAWord) {
  for (const std::string& id : std::vector<std::string>{"a", "7f3c-11", "A_b.c:d/e", std::string(128, 'x')}) {
    EXPECT_EQ(choose_request_id({{"X-Request-Id", id}}), id);
  }
}

TEST(RequestId, IsMadeWhereThereIsNoneThatCanStandInALog) {
  const Headers none;
  EXPECT_THAT(choose_request_id(none), testing::MatchesRegex("[0-9a-f]+"));
  EXPECT_EQ(choose_request_id(none).size(), 32U);
  EXPECT_NE(choose_request_id(none), choose_request_id(none));
  for (const std::string& id :
       std::vector<std::string>{"", "a b", "\"x\"", "{}", "\xc3\xa9", std::string(129, 'x')}) {
    EXPECT_NE(choose_request_id({{"X-Request-Id", id}}), id);
  }
}

TEST(RequestId, StandsInEveryAnswer) {
  RunningServer server;
  RawClient client(server.port());
  client.send(get("/", "X-Request-Id: abc\r\n") + get("/"));
  EXPECT_EQ(client.read_reply().header("x-request-id"), "abc");
  EXPECT_EQ(client.read_reply().header("x-request-id").size(), 32U);
}

TEST(Traceparent, GivesItsTraceId) {
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  for (const std::string& header : std::vector<std::string>{
           "00-" + trace + "-00f067aa0ba902b7-01", "00-" + trace + "-00f067aa0ba902b7-00",
           "cc-" + trace + "-00f067aa0ba902b7-01-what-the-future-will-be-like",
           "cc-" + trace + "-00f067aa0ba902b7-01"}) {
    EXPECT_EQ(parse_trace_id(header), trace) << header;
  }
}

TEST(Traceparent, IsIgnoredUnlessItIsWellFormed) {
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  for (const std::string& header : std::vector<std::string>{
           std::string(), "00-" + trace + "-00f067aa0ba902b7", "ff-" + trace + "-00f067aa0ba902b7-01",
           "00-" + trace + "-00f067aa0ba902b7-01-", "00-" + trace + "-0000000000000000-01",
           "00-" + std::string(32, '0') + "-00f067aa0ba902b7-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", "cc-" + trace + "-00f067aa0ba902b7-01x",
           "00_" + trace + "-00f067aa0ba902b7-01", "00-" + trace + "-00f067aa0ba902bg-01",
           "0-" + trace + "-00f067aa0ba902b7-01-"}) {
    EXPECT_EQ(parse_trace_id(header), std::nullopt) << header;
  }
}

}  // namespace
}  // namespace winnow::httpd
