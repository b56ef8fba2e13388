#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <thread>
#include <vector>

#include "running_server.hpp"
#include "winnow/core/random.hpp"

namespace winnow::httpd {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Connection, IsKeptAndUsedAgain) {
  RunningServer server;
  RawClient client(server.port());
  for (int i = 0; i < 20; ++i) {
    client.send(post(fmt::format("/{}", i), fmt::format("body {}", i)));
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.body, fmt::format("POST /{0} ? body {0}", i));
    EXPECT_EQ(reply.header("connection"), "");
  }
}

TEST(Connection, ClosesWhenTheClientAsksForIt) {
  RunningServer server;
  RawClient client(server.port());
  client.send(get("/", "Connection: close\r\n"));
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("connection"), "close");
  EXPECT_TRUE(client.closed_by_server());
}

TEST(Connection, OfTheOldProtocolIsClosedUnlessAskedToStay) {
  RunningServer server;
  RawClient once(server.port());
  once.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(once.read_reply().header("connection"), "close");
  EXPECT_TRUE(once.closed_by_server());

  RawClient again(server.port());
  for (int i = 0; i < 2; ++i) {
    again.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(again.read_reply().header("connection"), "keep-alive");
  }
}

TEST(Connection, AnswersPipelinedRequestsInOrder) {
  RunningServer server([&](Request request, Responder respond) {
    if (request.path != "/slow") return echo(request, std::move(respond));
    std::thread([request = std::move(request), respond = std::move(respond)]() mutable {
      std::this_thread::sleep_for(50ms);
      echo(request, std::move(respond));
    }).detach();
  });
  RawClient client(server.port());
  client.send(get("/slow") + post("/a", "1") + post_chunked("/b", "1\r\n2\r\n0\r\n\r\n") + get("/c"));
  EXPECT_EQ(client.read_reply().body, "GET /slow ? ");
  EXPECT_EQ(client.read_reply().body, "POST /a ? 1");
  EXPECT_EQ(client.read_reply().body, "POST /b ? 2");
  EXPECT_EQ(client.read_reply().body, "GET /c ? ");
}

TEST(Connection, AnswersAClientThatHasStoppedSending) {
  RunningServer server;
  RawClient client(server.port());
  client.send(get("/"));
  client.finish_sending();
  EXPECT_EQ(client.read_reply().status, 200);
  EXPECT_TRUE(client.closed_by_server());
}

TEST(Connection, SendsNoContentWithHead) {
  RunningServer server;
  RawClient client(server.port());
  client.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
  const Reply reply = client.read_reply(true);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("content-length"), std::to_string(std::string("HEAD /a ? ").size()));
  client.send(get("/b"));
  EXPECT_EQ(client.read_reply().body, "GET /b ? ") << "something lay between the answers";
}

TEST(Connection, SendsNoContentWhereThereCanBeNone) {
  for (const int status : {204, 304}) {
    RunningServer server([&](const Request&, Responder respond) { respond({status, {}, "never seen"}); });
    RawClient client(server.port());
    client.send(get("/"));
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, status);
    EXPECT_EQ(reply.header("content-length"), "");
    client.send(get("/"));
    EXPECT_EQ(client.read_reply().status, status);
  }
}

TEST(Connection, WritesTheFieldsThatAreItsOwn) {
  RunningServer server(
      [](const Request&, Responder respond) {
        respond(
            {200,
             {{"Content-Length", "999"}, {"connection", "upgrade"}, {"X-Mine", "1"}, {"X-Both", "handler"}},
             "body"});
      },
      [](ServerOptions& options) {
        options.headers = {{"X-Always", "yes"}, {"X-Both", "server"}};
      });
  RawClient client(server.port());
  client.send(get("/"));
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.body, "body");
  EXPECT_EQ(reply.header("connection"), "");
  EXPECT_EQ(reply.header("x-mine"), "1");
  EXPECT_EQ(reply.header("x-always"), "yes");
  EXPECT_EQ(reply.header("x-both"), "handler");
  EXPECT_THAT(reply.header("date"), testing::EndsWith(" GMT"));
  EXPECT_EQ(reply.header("date").size(), std::string("Sun, 06 Nov 1994 08:49:37 GMT").size());

  RawClient wrong(server.port());
  wrong.send("nonsense\r\n\r\n");
  EXPECT_EQ(wrong.read_reply().header("x-always"), "yes") << "errors carry them too";
}

TEST(Connection, CutShortWithinABodyIsNotAnswered) {
  RunningServer server;
  const std::string sized = post("/", "hello");
  const std::string chunked = post_chunked("/", "5\r\nhello\r\n0\r\n\r\n");
  for (const std::string& bytes : {sized, chunked}) {
    for (std::size_t length = bytes.find("\r\n\r\n") + 4; length < bytes.size(); ++length) {
      RawClient client(server.port());
      client.send(bytes.substr(0, length));
      client.finish_sending();
      EXPECT_TRUE(client.closed_by_server()) << "after " << length << " bytes";
    }
  }
}

TEST(Connection, TellsAClientThatAsksToGoOn) {
  RunningServer server;
  RawClient client(server.port());
  client.send("POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(client.read_some(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hello");
  EXPECT_EQ(client.read_reply().body, "POST /a ? hello");
  // A client that does not wait needs no permission.
  client.send(post("/b", "hello", "Expect: 100-continue\r\n"));
  EXPECT_EQ(client.read_reply().body, "POST /b ? hello");
}

Service with_admission() {
  return {echo,
          [](const Request& request) -> std::optional<Problem> {
            if (request.path == "/throw") throw std::runtime_error("admission broke");
            if (request.path == "/welcome") return std::nullopt;
            return Problem{403, "not-welcome", "Go away.", {{"X-Why", "because"}}};
          },
          [](const Problem& problem, const Request* request) {
            return text_response(problem.status, problem.code + " " + (request ? request->path : "unread"));
          }};
}

TEST(Connection, AsksForAdmissionBeforeTheBody) {
  RunningServer server(with_admission());
  RawClient client(server.port());
  client.send("POST /no HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 403) << "and not 100";
  EXPECT_EQ(reply.body, "not-welcome /no");
  EXPECT_EQ(reply.header("connection"), "close");
  EXPECT_TRUE(client.closed_by_server());

  RawClient other(server.port());
  other.send(get("/no"));
  EXPECT_EQ(other.read_reply().status, 403);
  other.send(get("/throw"));
  EXPECT_EQ(other.read_reply().status, 500);
  other.send(post("/welcome", "hi"));
  EXPECT_EQ(other.read_reply().body, "POST /welcome ? hi") << "without a body there was no need to close";
  other.send("nonsense\r\n\r\n");
  EXPECT_EQ(other.read_reply().body, "malformed-request unread");
}

// Were the socket closed with bytes unread, the client would be reset and never see why.
TEST(Connection, DeliversARefusalToAClientThatGoesOnSending) {
  RunningServer server(echo, [](ServerOptions& options) { options.limits.body_bytes = 100'000; });
  const std::string megabyte(1'000'000, 'x');
  for (const bool chunked : {false, true}) {
    RawClient client(server.port());
    if (chunked) {
      client.send(post_chunked("/", ""));
    } else {
      client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n");
    }
    for (int i = 0; i < 20; ++i) {
      const std::string piece = chunked ? "f4240\r\n" + megabyte + "\r\n" : megabyte;
      ASSERT_TRUE(client.send(piece)) << "the server closed while the client was sending";
    }
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 413);
    EXPECT_EQ(reply.header("connection"), "close");
    EXPECT_THAT(reply.body, HasSubstr("urn:winnow:problem:too-large"));
    client.finish_sending();
    EXPECT_TRUE(client.closed_by_server());
  }
}

TEST(Connection, TakesABodyOfExactlyTheLimit) {
  RunningServer server(echo, [](ServerOptions& options) { options.limits.body_bytes = 200'000; });
  RawClient client(server.port());
  client.send(post("/", std::string(200'000, 'x')));
  EXPECT_EQ(client.read_reply().body.size(), 200'000 + std::string("POST / ? ").size());
  client.send(post("/", std::string(200'001, 'x')));
  EXPECT_EQ(client.read_reply().status, 413);
}

TEST(Connection, RefusesBodiesThatTogetherAreTooMuch) {
  std::promise<Responder> arrived;
  RunningServer server(
      [&](const Request& request, Responder respond) {
        if (request.path == "/held") return arrived.set_value(std::move(respond));
        echo(request, std::move(respond));
      },
      [](ServerOptions& options) {
        options.limits.body_bytes = 260'000;
        options.limits.buffered_bytes = 300'000;
      });
  RawClient holder(server.port());
  holder.send(post("/held", std::string(250'000, 'x')));
  Responder respond = arrived.get_future().get();
  for (const bool chunked : {false, true}) {
    RawClient other(server.port());
    other.send(chunked ? post_chunked("/", "249f0\r\n" + std::string(150'000, 'y') + "\r\n0\r\n\r\n")
                       : post("/", std::string(150'000, 'y')));
    const Reply reply = other.read_reply();
    EXPECT_EQ(reply.status, 503);
    EXPECT_NE(reply.header("retry-after"), "");
  }
  EXPECT_EQ(test::request(server.port(), "POST", "/", std::string(10'000, 'y')).status, 200)
      << "there is room for it";
  respond(text_response(200, "given back"));
  EXPECT_EQ(holder.read_reply().status, 200);
  Reply later;
  do {  // the bytes are given back shortly after the answer
    later = test::request(server.port(), "POST", "/", std::string(150'000, 'y'));
  } while (later.status == 503);
  EXPECT_EQ(later.status, 200);
}

TEST(Connection, TimesOutASlowHeader) {
  RunningServer server(echo, [](ServerOptions& options) {
    options.timeouts.header = 300ms;
    options.timeouts.linger_stall = 100ms;
  });
  RawClient silent(server.port());
  EXPECT_TRUE(silent.closed_by_server()) << "who says nothing is told nothing";

  RawClient slow(server.port());
  slow.send("GET / HT");
  EXPECT_EQ(slow.read_reply().status, 408);
  EXPECT_TRUE(slow.closed_by_server());

  // The deadline is for the whole head: a byte now and then does not move it.
  RawClient dripping(server.port());
  dripping.send("GET / HTTP/1.1\r\nX: ");
  std::atomic<bool> over = false;
  std::jthread drip([&] {
    while (!over && dripping.send("x")) std::this_thread::sleep_for(5ms);
  });
  EXPECT_EQ(dripping.read_reply().status, 408);
  over = true;
}

TEST(Connection, TimesOutASlowBody) {
  RunningServer server(echo, [](ServerOptions& options) {
    options.timeouts.body_grace = 100ms;
    options.timeouts.body_bytes_per_second = 1'000'000;
  });
  for (const std::string& head :
       {std::string("Content-Length: 1000000"), std::string("Transfer-Encoding: chunked")}) {
    RawClient client(server.port());
    client.send("POST / HTTP/1.1\r\nHost: x\r\n" + head + "\r\n\r\n");
    EXPECT_EQ(client.read_reply().status, 408) << head;
  }
}

TEST(Connection, TimesOutABodyThatTakesTooLongAltogether) {
  RunningServer server(echo, [](ServerOptions& options) {
    options.timeouts.body = 100ms;
    options.timeouts.body_grace = 1h;
  });
  RawClient client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello");
  EXPECT_EQ(client.read_reply().status, 408);
}

TEST(Connection, IsClosedWhenIdle) {
  RunningServer server(echo, [](ServerOptions& options) { options.timeouts.idle = 100ms; });
  RawClient client(server.port());
  client.send(get("/"));
  EXPECT_EQ(client.read_reply().status, 200);
  EXPECT_TRUE(client.closed_by_server());
}

TEST(Connection, GivesUpOnAClientThatTakesNothing) {
  RunningServer server(
      [](const Request&, Responder respond) {
        respond({200, {}, std::string(50'000'000, 'x')});
      },
      [](ServerOptions& options) { options.timeouts.write_stall = 100ms; });
  RawClient client(server.port());
  client.send(get("/"));
  EXPECT_FALSE(client.read_some().empty()) << "the answer has begun";
  EXPECT_TRUE(server->drain(30s)) << "the connection is still there";
}

TEST(Connection, SurvivesClientsThatVanish) {
  RunningServer server([](const Request& request, Responder respond) {
    if (request.path == "/big") return respond({200, {}, std::string(20'000'000, 'x')});
    echo(request, std::move(respond));
  });
  for (int i = 0; i < 5; ++i) {
    RawClient uploading(server.port());
    uploading.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + std::string(1000, 'x'));
    uploading.reset();
    RawClient chunking(server.port());
    chunking.send(post_chunked("/", "ffff\r\nhello"));
    chunking.reset();
    RawClient downloading(server.port());
    downloading.send(get("/big"));
    EXPECT_FALSE(downloading.read_some().empty());
    downloading.reset();
    RawClient opening(server.port());
    opening.reset();
  }
  EXPECT_EQ(test::request(server.port(), "GET", "/").status, 200);
  EXPECT_TRUE(server->drain(30s)) << "their connections are still there";
}

TEST(Connection, SurvivesAClientThatVanishesBeforeItsAnswer) {
  std::promise<Responder> arrived;
  RunningServer server([&](const Request& request, Responder respond) {
    if (request.path == "/later") return arrived.set_value(std::move(respond));
    echo(request, std::move(respond));
  });
  RawClient client(server.port());
  client.send(get("/later"));
  Responder respond = arrived.get_future().get();
  client.reset();
  respond(text_response(200, std::string(1'000'000, 'x')));
  EXPECT_EQ(test::request(server.port(), "GET", "/").status, 200);
  EXPECT_TRUE(server->drain(30s));
}

// Whatever bytes come, the server answers something proper or closes, and goes on serving others.
TEST(Connection, SurvivesRandomDamage) {
  RunningServer server;
  const std::vector<std::string> sound = {get("/a?b=c", "X-Field: value\r\nExpect: 100-continue\r\n"),
                                          post("/p", "content"),
                                          post_chunked("/c", "5;x=y\r\nhello\r\n0\r\nT: v\r\n\r\n")};
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    CounterRandom random(seed);
    std::string bytes = sound[random.below(sound.size())];
    for (std::uint64_t change = 0; change <= random.below(3); ++change) {
      const std::size_t place = random.below(bytes.size());
      switch (random.below(3)) {
        case 0:
          bytes[place] = static_cast<char>(random.below(256));
          break;
        case 1:
          bytes.erase(place, random.below(4));
          break;
        default:
          bytes.insert(place, 1, "\r\n\0 \t:;,%"[random.below(10)]);
      }
    }
    RawClient client(server.port());
    client.send(bytes);
    client.finish_sending();
    const std::string answer = client.read_all();
    EXPECT_THAT(answer, testing::AnyOf("", StartsWith("HTTP/1.1 "))) << "seed " << seed;
  }
  EXPECT_EQ(test::request(server.port(), "GET", "/").status, 200);
}

}  // namespace
}  // namespace winnow::httpd
