#include "winnow/httpd/server.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <spdlog/sinks/ostream_sink.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <sstream>
#include <thread>

#include "running_server.hpp"
#include "winnow/core/error.hpp"

namespace winnow::httpd {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

Error start_error(const std::string& address, std::uint16_t port) {
  Logger log("test");
  ServerOptions options;
  options.listen = {address, port};
  Server server(options, {echo, {}, {}}, log);
  try {
    server.start();
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::kUsage, "", "it started");
}

TEST(Server, FindsAFreePortAndSaysWhere) {
  RunningServer one;
  RunningServer other;
  EXPECT_NE(one.port(), 0);
  EXPECT_NE(one.port(), other.port());
  EXPECT_EQ(one->url(), "http://127.0.0.1:" + std::to_string(one.port()));
}

TEST(Server, SaysThatAPortIsTakenAndWhatToDo) {
  RunningServer server;
  const Error error = start_error("127.0.0.1", server.port());
  EXPECT_EQ(error.kind(), ErrorKind::kNetwork);
  EXPECT_EQ(error.what(), "127.0.0.1:" + std::to_string(server.port()) +
                              ": Address already in use; stop the other server or choose another port");
}

TEST(Server, SaysThatAnAddressIsNotItsOwn) {
  EXPECT_THAT(start_error("192.0.2.1", 0).what(), HasSubstr("192.0.2.1:0: Cannot assign requested address"));
  EXPECT_EQ(start_error("no such host", 0).kind(), ErrorKind::kNetwork);
}

TEST(Server, TakesItsPortAgainAtOnce) {
  RunningServer first;
  const std::uint16_t port = first.port();
  {
    RawClient client(port);
    client.send(kGet);
    EXPECT_EQ(client.read_reply().status, 200);
    first.destroy();
  }
  RunningServer second(echo, [port](ServerOptions& options) { options.listen.port = port; });
  EXPECT_EQ(test::request(port, "GET", "/").status, 200);
}

// What is not ready must not look as if it were: proxies go elsewhere when they are refused.
TEST(Server, RefusesConnectionsToAPortThatIsOnlyTaken) {
  Logger log("test");
  ServerOptions options;
  options.listen = {"127.0.0.1", 0};
  Server server(options, {echo, {}, {}}, log);
  server.take_port();
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(server.port());
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&peer), sizeof peer), -1);
  EXPECT_EQ(errno, ECONNREFUSED);
  ::close(client);
  server.start();
  EXPECT_EQ(test::request(server.port(), "GET", "/").status, 200);
}

TEST(Server, ListensToAHostName) {
  RunningServer server(echo, [](ServerOptions& options) { options.listen.host = "localhost"; });
  const bool v6 = server->url().find('[') != std::string::npos;
  RawClient client(server.port(), v6 ? "::1" : "127.0.0.1");
  client.send(kGet);
  EXPECT_EQ(client.read_reply().status, 200);
}

TEST(Server, EndsWithoutEverHavingStarted) {
  Logger log("test");
  Server server({}, {echo, {}, {}}, log);
  EXPECT_TRUE(server.drain(0ms));
}

TEST(Server, TurnsWhatAHandlerThrowsInto500) {
  RunningServer server([](const Request& request, Responder respond) {
    if (request.path == "/standard") throw std::runtime_error("secret");
    if (request.path == "/other") throw 42;
    if (request.path == "/status") return respond({1000, {}, ""});
    if (request.path == "/field") return respond({200, {{"X", "a\r\nSet-Cookie: b"}}, ""});
    echo(request, std::move(respond));
  });
  for (const std::string path : {"/standard", "/other", "/status", "/field"}) {
    const Reply reply = test::request(server.port(), "GET", path);
    EXPECT_EQ(reply.status, 500) << path;
    EXPECT_THAT(reply.body, HasSubstr("urn:winnow:problem:internal-error"));
    EXPECT_THAT(reply.body, testing::Not(HasSubstr("secret")));
  }
  EXPECT_EQ(test::request(server.port(), "GET", "/").status, 200);
}

TEST(Server, SaysInItsLogWhichRequestAnErrorBelongsTo) {
  std::ostringstream written;
  Logger log("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(written));
  ServerOptions options;
  options.listen.port = 0;
  const auto fail = [](const Request&, const Responder&) { throw std::runtime_error("no more shelves"); };
  Server server(options, {fail, {}, {}}, log);
  server.start();
  const Reply reply = test::request(server.port(), "GET", "/books");
  EXPECT_EQ(reply.status, 500);
  EXPECT_THAT(written.str(),
              HasSubstr("GET /books, request " + reply.header("x-request-id") + ": no more shelves"));
}

TEST(Server, Answers500ForADroppedResponder) {
  RunningServer server(
      [](const Request&, Responder respond) { const Responder dropped = std::move(respond); });
  EXPECT_EQ(test::request(server.port(), "GET", "/").status, 500);
}

TEST(Server, CountsOnlyTheFirstAnswer) {
  RunningServer server([](const Request&, Responder respond) {
    respond(text_response(200, "first"));
    respond(text_response(200, "second"));
  });
  RawClient client(server.port());
  client.send(kGet);
  EXPECT_EQ(client.read_reply().body, "first");
  client.send(kGet);
  EXPECT_EQ(client.read_reply().body, "first");
}

TEST(Server, TakesAnswersFromAnyThread) {
  RunningServer server([](Request request, Responder respond) {
    std::thread([request = std::move(request), respond = std::move(respond)]() mutable {
      echo(request, std::move(respond));
    }).detach();
  });
  std::vector<std::jthread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&server, i] {
      RawClient client(server.port());
      for (int k = 0; k < 50; ++k) {
        const std::string path = fmt::format("/{}/{}", i, k);
        client.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_EQ(client.read_reply().body, "GET " + path + " ? ");
      }
    });
  }
}

TEST(Server, MayBeGoneWhenAnAnswerComes) {
  std::promise<Responder> arrived;
  RunningServer server([&](const Request&, Responder respond) { arrived.set_value(std::move(respond)); });
  RawClient client(server.port());
  client.send(kGet);
  Responder respond = arrived.get_future().get();
  server.destroy();
  respond(text_response(200, "too late"));
  EXPECT_TRUE(client.closed_by_server());
}

TEST(Server, TurnsAwayWhoIsOneTooMany) {
  RunningServer server(echo, [](ServerOptions& options) { options.limits.connections = 2; });
  auto one = std::make_unique<RawClient>(server.port());
  RawClient two(server.port());
  for (RawClient* client : {one.get(), &two}) {
    client->send(kGet);
    EXPECT_EQ(client->read_reply().status, 200);
  }
  RawClient three(server.port());
  three.send(kGet);
  const Reply reply = three.read_reply();
  EXPECT_EQ(reply.status, 503);
  EXPECT_NE(reply.header("retry-after"), "");
  EXPECT_TRUE(three.closed_by_server());
  one.reset();
  Reply later;
  do {  // until the server has noticed that one is gone
    later = test::request(server.port(), "GET", "/");
  } while (later.status == 503);
  EXPECT_EQ(later.status, 200);
}

// A server that runs out of file descriptors must not stop listening.
TEST(Server, AcceptsAgainAfterRunningOutOfFileDescriptors) {
  RunningServer server(echo, [](ServerOptions& options) { options.threads = 1; });
  // A thread that begins opens files for a moment; this one has begun once it has answered.
  EXPECT_EQ(test::request(server.port(), "GET", "/").status, 200);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  // The lowest number that is free goes to the client, and none is left to accept with.
  const int free_number = ::dup(0);
  ::close(free_number);
  const rlimit none{static_cast<rlim_t>(free_number) + 1, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  RawClient client(server.port());
  client.send(kGet);
  const int spare = ::dup(0);
  EXPECT_EQ(spare, -1) << "there was still a file descriptor to be had";
  if (spare >= 0) ::close(spare);
  std::this_thread::sleep_for(50ms);
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(client.read_reply().status, 200);
}

TEST(Server, DrainsWhatIsInFlightAndClosesWhatIsIdle) {
  std::promise<Responder> arrived;
  RunningServer server([&](const Request& request, Responder respond) {
    if (request.path == "/later") return arrived.set_value(std::move(respond));
    echo(request, std::move(respond));
  });
  RawClient idle(server.port());
  idle.send(kGet);
  EXPECT_EQ(idle.read_reply().header("connection"), "");
  RawClient uploading(server.port());
  uploading.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_THAT(uploading.read_some(), HasSubstr("100 Continue"));
  RawClient waiting(server.port());
  waiting.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  Responder respond = arrived.get_future().get();

  std::future<bool> drained = std::async(std::launch::async, [&] { return server->drain(30s); });
  EXPECT_TRUE(idle.closed_by_server());
  uploading.send("hello");
  const Reply uploaded = uploading.read_reply();
  EXPECT_EQ(uploaded.body, "POST / ? hello");
  EXPECT_EQ(uploaded.header("connection"), "close");
  uploading.finish_sending();
  respond(text_response(200, "finished"));
  const Reply reply = waiting.read_reply();
  EXPECT_EQ(reply.body, "finished");
  EXPECT_EQ(reply.header("connection"), "close");
  waiting.finish_sending();
  EXPECT_TRUE(drained.get());
}

TEST(Server, AcceptsNobodyOnceDraining) {
  RunningServer server;
  const std::uint16_t port = server.port();
  EXPECT_TRUE(server->drain(30s));
  // The port is free for others now.
  RunningServer next(echo, [port](ServerOptions& options) { options.listen.port = port; });
  EXPECT_EQ(test::request(port, "GET", "/").status, 200);
}

TEST(Server, SaysWhenDrainingTookTooLong) {
  std::promise<Responder> arrived;
  RunningServer server([&](const Request&, Responder respond) { arrived.set_value(std::move(respond)); });
  RawClient client(server.port());
  client.send(kGet);
  const Responder respond = arrived.get_future().get();
  EXPECT_FALSE(server->drain(20ms));
  server.destroy();
  EXPECT_TRUE(client.closed_by_server());
}

TEST(Server, TakesASocketThatListensAlready) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(socket, 8), 0);
  RunningServer server(echo, [&](ServerOptions& options) { options.inherited_socket = socket; });
  EXPECT_EQ(test::request(server.port(), "GET", "/").status, 200);

  const int pipe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_THROW(RunningServer(echo, [&](ServerOptions& options) { options.inherited_socket = pipe; }), Error);
  ::close(pipe);
}

}  // namespace
}  // namespace winnow::httpd
