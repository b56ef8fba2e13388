// What becomes of answers that come from elsewhere: whether they are still wanted, and what is told of them.
#include "exchange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <mutex>

#include "running_server.hpp"

namespace winnow::httpd {
namespace {

using namespace std::chrono_literals;

// Keeps the responder of the only request.
struct Keeper {
  std::promise<Responder> arrived;
  std::future<Responder> responder = arrived.get_future();

  RunningServer::Handler handler() {
    return [this](const Request&, Responder respond) { arrived.set_value(std::move(respond)); };
  }
};

TEST(Exchange, KnowsThatAClientHasGone) {
  for (const bool reset : {false, true}) {
    Keeper keeper;
    RunningServer server(keeper.handler());
    auto client = std::make_unique<RawClient>(server.port());
    client->send(get("/"));
    Responder respond = keeper.responder.get();
    EXPECT_TRUE(respond.wanted());
    if (reset) client->reset();
    client.reset();
    while (respond.wanted()) std::this_thread::sleep_for(1ms);
    respond(text_response(200, "too late"));
  }
}

TEST(Exchange, IsWantedWhileMoreRequestsCome) {
  Keeper keeper;
  RunningServer server(keeper.handler());
  RawClient client(server.port());
  client.send(get("/"));
  Responder respond = keeper.responder.get();
  client.send("GET /half HTTP/1.1\r\n");
  std::this_thread::sleep_for(20ms);
  EXPECT_TRUE(respond.wanted());
  respond(text_response(200, "here"));
  EXPECT_EQ(client.read_reply().body, "here");
}

TEST(Exchange, IsToldOfWhenItIsOver) {
  std::mutex mutex;
  std::vector<Served> all;
  Service service;
  service.handle = echo;
  service.observe = [&](const Served& served) {
    const std::lock_guard lock(mutex);
    all.push_back(served);
  };
  {
    RunningServer server(std::move(service));
    RawClient client(server.port());
    client.send(post("/a?b=c", "12345",
                     "User-Agent: me\r\nX-Request-Id: one\r\n"
                     "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"));
    (void)client.read_reply();
    client.send("nonsense\r\n\r\n");
    EXPECT_EQ(client.read_reply().status, 400);
  }
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].id, "one");
  EXPECT_EQ(all[0].trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(all[0].method, "POST");
  EXPECT_EQ(all[0].path, "/a");
  EXPECT_EQ(all[0].user_agent, "me");
  EXPECT_EQ(all[0].remote_address, "127.0.0.1");
  EXPECT_EQ(all[0].status, 200);
  EXPECT_EQ(all[0].received_bytes, 5U);
  EXPECT_EQ(all[0].sent_bytes, std::string("POST /a ?b=c 12345").size());
  EXPECT_TRUE(all[0].whole);
  EXPECT_EQ(all[1].status, 400);
  EXPECT_EQ(all[1].method, "");
}

}  // namespace
}  // namespace winnow::httpd
