#include "winnow/serving/redirect.hpp"

#include <gtest/gtest.h>

#include "support/raw_client.hpp"

namespace winnow::serving {
namespace {

std::string location(std::uint16_t tls_port, const std::string& head) {
  Logger log("test");
  const auto server = start_redirect({"127.0.0.1", 0}, tls_port, log);
  test::RawClient client(server->port());
  client.send(head);
  const test::Reply reply = client.read_reply();
  return reply.status == 308 ? reply.header("location") : std::to_string(reply.status);
}

TEST(Redirect, LeadsToTheSameAddressWithTls) {
  EXPECT_EQ(location(443, "GET /models/a%20b?x=1&y=%2F HTTP/1.1\r\nHost: example.org\r\n\r\n"),
            "https://example.org/models/a%20b?x=1&y=%2F");
  EXPECT_EQ(location(8443, "GET / HTTP/1.1\r\nHost: example.org:8080\r\n\r\n"), "https://example.org:8443/");
  EXPECT_EQ(location(443, "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"), "https://[::1]/");
  EXPECT_EQ(location(443, "POST /api/classify HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"),
            "https://a/api/classify");
}

TEST(Redirect, LeadsNobodyElsewhere) {
  EXPECT_EQ(location(443, "GET //evil.org/ HTTP/1.1\r\nHost: a\r\n\r\n"), "https://a/evil.org/");
  EXPECT_EQ(location(443, "GET / HTTP/1.1\r\nHost: a@evil.org\r\n\r\n"), "400");
  EXPECT_EQ(location(443, "GET / HTTP/1.1\r\nHost:\r\n\r\n"), "400");
  EXPECT_EQ(location(443, "GET / HTTP/1.0\r\n\r\n"), "400");
}

}  // namespace
}  // namespace winnow::serving
