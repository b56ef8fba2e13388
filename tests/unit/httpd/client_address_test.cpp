#include "winnow/httpd/client_address.hpp"

#include <gtest/gtest.h>

#include <future>

#include "running_server.hpp"

namespace winnow::httpd {
namespace {

TrustedProxies trust(const std::vector<std::string>& networks,
                     ProxyHeader header = ProxyHeader::kForwardedFor) {
  TrustedProxies trusted{{}, header};
  for (const std::string& text : networks) trusted.networks.push_back(*parse_network(text));
  return trusted;
}

TEST(ParseNetwork, KnowsWhatLiesInside) {
  const auto holds = [](const char* network, const char* address) {
    return parse_network(network)->contains(*parse_address(address));
  };
  EXPECT_TRUE(holds("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(holds("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(holds("192.0.2.128/25", "192.0.2.200"));
  EXPECT_FALSE(holds("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(holds("192.0.2.1", "::ffff:192.0.2.1")) << "the same address in IPv6";
  EXPECT_FALSE(holds("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(holds("2001:db8::/32", "2001:db8:1::1"));
  EXPECT_FALSE(holds("2001:db8::/32", "2001:db9::1"));
  EXPECT_TRUE(holds("0.0.0.0/0", "192.0.2.1"));
  EXPECT_FALSE(holds("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(holds("::/0", "192.0.2.1"));
}

TEST(ParseNetwork, RefusesWhatIsNone) {
  for (const char* text : {"", "localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "10.0.0/8", "::1/129",
                           "/8", "10.0.0.0/-1", "10.0.0.0/8/8"}) {
    EXPECT_FALSE(parse_network(text)) << text;
  }
}

TEST(ClientKey, IsAnAddressOrTheNetworkOfACustomer) {
  EXPECT_EQ(client_key("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(client_key("::ffff:192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(client_key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
  EXPECT_EQ(client_key("2001:db8:1:2::9"), "2001:db8:1:2::");
  EXPECT_NE(client_key("2001:db8:1:3::9"), "2001:db8:1:2::");
}

TEST(ClientAddress, IsTheRightmostThatIsNotTrusted) {
  const TrustedProxies trusted = trust({"10.0.0.0/8", "::1"});
  const auto address = [&](const std::string& peer, const Headers& headers) {
    return client_address(peer, headers, trusted);
  };
  EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", "192.0.2.1"}}), "192.0.2.1");
  EXPECT_EQ(address("::1", {{"X-Forwarded-For", "192.0.2.1"}}), "192.0.2.1");
  EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", "1.1.1.1, 192.0.2.1, 10.2.2.2"}}), "192.0.2.1")
      << "what stands further left, the client wrote";
  EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", "1.1.1.1"}, {"X-Forwarded-For", "192.0.2.1"}}),
            "192.0.2.1");
  EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", "10.3.3.3, 10.2.2.2"}}), "10.3.3.3");
  EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", "192.0.2.1:4711"}}), "192.0.2.1");
  EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", "[2001:db8::1]:4711"}}), "2001:db8::1");
  EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", "2001:db8::1"}}), "2001:db8::1");
  EXPECT_EQ(address("::ffff:10.0.0.1", {{"X-Forwarded-For", "192.0.2.1"}}), "192.0.2.1");
  EXPECT_EQ(address("10.0.0.1", {}), "10.0.0.1");
}

TEST(ClientAddress, BelievesNobodyElse) {
  const TrustedProxies trusted = trust({"10.0.0.0/8"});
  EXPECT_EQ(client_address("192.0.2.9", {{"X-Forwarded-For", "1.1.1.1"}}, trusted), "192.0.2.9");
  EXPECT_EQ(client_address("10.0.0.1", {{"X-Forwarded-For", "1.1.1.1"}}, {}), "10.0.0.1");
  EXPECT_EQ(client_address("10.0.0.1", {{"Forwarded", "for=1.1.1.1"}}, trusted), "10.0.0.1")
      << "a proxy hands on what it does not know";
  for (const char* text : {"unknown", "", "1.1.1.1, unknown", "999.1.1.1", "1.1.1.1,", "1.1.1.1 2.2.2.2"}) {
    EXPECT_EQ(client_address("10.0.0.1", {{"X-Forwarded-For", text}}, trusted), "10.0.0.1") << text;
  }
}

TEST(ClientAddress, ReadsForwarded) {
  const TrustedProxies trusted = trust({"10.0.0.0/8"}, ProxyHeader::kForwarded);
  const auto address = [&](const std::string& value) {
    return client_address("10.0.0.1", {{"Forwarded", value}, {"X-Forwarded-For", "9.9.9.9"}}, trusted);
  };
  EXPECT_EQ(address("for=192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(address("for=1.1.1.1, For=192.0.2.1;proto=https;by=10.0.0.1"), "192.0.2.1");
  EXPECT_EQ(address("for=\"[2001:db8::1]:4711\""), "2001:db8::1");
  EXPECT_EQ(address("for=192.0.2.1, for=10.1.1.1"), "192.0.2.1");
  EXPECT_EQ(address("for=_hidden"), "10.0.0.1");
  EXPECT_EQ(address("proto=https"), "10.0.0.1");
  EXPECT_EQ(address("for=\"a, for=192.0.2.1"), "192.0.2.1")
      << "no quote of a client's hides what a proxy adds";
}

TEST(ClientAddress, IsWhatHandlersAndLogsSee) {
  std::promise<Served> seen;
  RunningServer server(Service{[](const Request& request, Responder respond) {
                                 respond(text_response(200, request.remote_address));
                               },
                               {},
                               {},
                               [&](const Served& served) { seen.set_value(served); }},
                       [](ServerOptions& options) { options.proxies = trust({"127.0.0.1"}); });
  RawClient client(server.port());
  client.send(get("/", "X-Forwarded-For: 6.6.6.6, 192.0.2.1\r\n"));
  EXPECT_EQ(client.read_reply().body, "192.0.2.1");
  EXPECT_EQ(seen.get_future().get().remote_address, "192.0.2.1");
}

TEST(ConnectionsPerClient, AreLimited) {
  RunningServer server(echo, [](ServerOptions& options) { options.limits.connections_per_client = 2; });
  RawClient first(server.port());
  {
    RawClient second(server.port());
    second.send(get("/"));
    EXPECT_EQ(second.read_reply().status, 200);
    RawClient third(server.port());
    EXPECT_EQ(third.read_reply().status, 503);
    RawClient other(server.port(), "127.0.0.1");
    EXPECT_EQ(other.read_reply().status, 503);
  }
  first.send(get("/"));
  EXPECT_EQ(first.read_reply().status, 200);
  // The server learns in its own time that one has gone.
  for (int status = 0; status != 200;) status = test::request(server.port(), "GET", "/").status;
}

TEST(ConnectionsPerClient, AreNotLimitedForTrustedProxies) {
  RunningServer server(echo, [](ServerOptions& options) {
    options.limits.connections_per_client = 1;
    options.proxies = trust({"127.0.0.0/8"});
  });
  RawClient first(server.port());
  first.send(get("/"));
  EXPECT_EQ(first.read_reply().status, 200);
  EXPECT_EQ(test::request(server.port(), "GET", "/").status, 200);
}

}  // namespace
}  // namespace winnow::httpd
