// One request at a time to servers that misbehave.
#include <fmt/format.h>

#include <atomic>

#include "client_fixture.hpp"
#include "winnow/core/text.hpp"

namespace winnow::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kGzipHead =
    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr std::string_view kGzipMagic("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10);

std::string chunk(std::string_view bytes) {
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

// A deflate stream of about `count` zero bytes, 158 times smaller: one literal, then copies of 258 bytes, in
// the fixed code of RFC 1951.
std::string deflate_zeros(std::size_t count) {
  std::string out;
  unsigned held = 0;
  int bits = 0;
  const auto put = [&](unsigned bit) {
    held |= bit << bits;
    if (++bits == 8) {
      out += static_cast<char>(held);
      held = 0;
      bits = 0;
    }
  };
  const auto put_code = [&](unsigned code, int length) {
    while (length-- > 0) put(code >> length & 1);
  };
  put(1);                   // the last block
  put(1), put(0);           // fixed codes
  put_code(0b00110000, 8);  // literal 0
  for (std::size_t made = 1; made < count; made += 258) {
    put_code(0b11000101, 8);  // length 258
    put_code(0, 5);           // distance 1
  }
  put_code(0, 7);  // end
  while (bits != 0) put(0);
  return out;
}

class TransferTest : public ClientFixture {
 protected:
  TransferTest() { options_.retry.retries = 0; }
  void serve_raw(const std::string& path, std::string bytes) {
    server_.route(
        path, [bytes = std::move(bytes)](Connection& connection, const Request&) { connection.send(bytes); });
  }
};

TEST_F(TransferTest, FetchesWithHeaders) {
  server_.route("/a", [](Connection& connection, const Request&) {
    connection.respond(200, "Content-Type: text/plain\r\nX-Robots-Tag: noai\r\nX-ROBOTS-TAG:  none \r\n",
                       "here");
  });
  options_.user_agent = "winnow-test/1";
  HttpRequest wanted = request(server_.url("/a?b=c"));
  wanted.accept = "image/*";
  std::promise<Result<HttpResponse>> promise;
  client().submit(wanted, [&](Result<HttpResponse> answer) { promise.set_value(std::move(answer)); });
  const Result<HttpResponse> answer = promise.get_future().get();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(as_text(answer->body), "here");
  EXPECT_EQ(answer->header("content-type"), "text/plain");
  std::vector<std::string> robots;
  for (const HttpResponse::Header& header : answer->headers) {
    if (header.name == "x-robots-tag") robots.push_back(header.value);
  }
  EXPECT_THAT(robots, testing::ElementsAre("noai", "none"));
  const Request seen = server_.requests("/a").at(0);
  EXPECT_EQ(seen.target, "/a?b=c");
  EXPECT_EQ(seen.headers.at("user-agent"), "winnow-test/1");
  EXPECT_EQ(seen.headers.at("accept"), "image/*");
  EXPECT_THAT(seen.headers.at("accept-encoding"), HasSubstr("gzip"));
}

TEST_F(TransferTest, UsesConnectionsAgain) {
  server_.serve("/a", "text/plain", "x");
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(fetch(server_.url("/a")));
  EXPECT_EQ(fetch(server_.url("/none"))->status, 404);
  EXPECT_TRUE(fetch(server_.url("/a")));
  EXPECT_EQ(server_.connections(), 1);
}

TEST_F(TransferTest, UnpacksContentEncoding) {
  server_.route("/a", [](Connection& connection, const Request&) {
    connection.respond(200, "Content-Encoding: deflate\r\n",
                       std::string_view("\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15", 13));
  });
  EXPECT_EQ(as_text(fetch(server_.url("/a"))->body), "hello");
}

TEST_F(TransferTest, AnEmptyBodyIsAnAnswer) {
  server_.serve("/a", "image/jpeg", "");
  const Result<HttpResponse> answer = fetch(server_.url("/a"));
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->body.empty());
}

TEST_F(TransferTest, PassesOverInterimAnswers) {
  serve_raw("/a",
            "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const Result<HttpResponse> answer = fetch(server_.url("/a"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->header("x-early"), "");
}

TEST_F(TransferTest, StopsAtTheLimitAsDeclared) {
  max_bytes_ = 1000;
  server_.serve("/fits", "text/plain", std::string(1000, 'x'));
  server_.serve("/does-not", "text/plain", std::string(1001, 'x'));
  EXPECT_EQ(failure_code(server_.url("/fits")), "");
  const Result<HttpResponse> answer = fetch(server_.url("/does-not"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.failure().code, "too_large");
  EXPECT_EQ(answer.failure().message, "is larger than the limit of 1.0 kB");
}

TEST_F(TransferTest, CutsABodyIfAsked) {
  server_.serve("/a", "text/plain", std::string(5000, 'x'));
  HttpRequest wanted = request(server_.url("/a"));
  wanted.max_bytes = 1000;
  wanted.cut_at_max = true;
  std::promise<Result<HttpResponse>> promise;
  client().submit(wanted, [&](Result<HttpResponse> answer) { promise.set_value(std::move(answer)); });
  const Result<HttpResponse> answer = promise.get_future().get();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body.size(), 1000u);
}

TEST_F(TransferTest, StopsAnEndlessBody) {
  server_.route("/a", [](Connection& connection, const Request&) {
    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (connection.send(chunk(std::string(5000, 'x')))) {
    }
  });
  server_.route("/b", [](Connection& connection, const Request&) {
    connection.send("HTTP/1.1 200 OK\r\n\r\n");
    while (connection.send(std::string(5000, 'x'))) {
    }
  });
  EXPECT_EQ(failure_code(server_.url("/a")), "too_large");
  EXPECT_EQ(failure_code(server_.url("/b")), "too_large");
}

TEST_F(TransferTest, StopsAGzipBomb) {
  const std::string bomb = deflate_zeros(100'000'000);
  ASSERT_LT(bomb.size(), max_bytes_);
  server_.route("/a", [bomb](Connection& connection, const Request&) {
    connection.send(kGzipHead);
    connection.send(chunk(std::string(kGzipMagic) + bomb));
    connection.send("0\r\n\r\n");
  });
  EXPECT_EQ(failure_code(server_.url("/a")), "too_large");
}

TEST_F(TransferTest, StopsBytesWithoutEndThatUnpackToNothing) {
  std::string nothing;
  for (int i = 0; i < 2000; ++i)
    nothing += std::string_view("\x00\x00\x00\xff\xff", 5);  // stored blocks of length 0
  server_.route("/a", [nothing](Connection& connection, const Request&) {
    connection.send(kGzipHead);
    connection.send(chunk(kGzipMagic));
    while (connection.send(chunk(nothing))) {
    }
  });
  EXPECT_EQ(failure_code(server_.url("/a")), "too_large");
}

TEST_F(TransferTest, StopsHeadersWithoutEnd) {
  server_.route("/a", [](Connection& connection, const Request&) {
    connection.send("HTTP/1.1 200 OK\r\n");
    while (connection.send("X-More: " + std::string(1000, 'x') + "\r\n")) {
    }
  });
  EXPECT_EQ(failure_code(server_.url("/a")), "bad_response");
}

TEST_F(TransferTest, AnErrorPageMayClaimAnySize) {
  serve_raw("/a", "HTTP/1.1 404 Not Found\r\nContent-Length: 99999999999\r\n\r\nnot here");
  serve_raw("/b", "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\nhere");
  EXPECT_EQ(fetch(server_.url("/a"))->status, 404);
  EXPECT_EQ(failure_code(server_.url("/b")), "too_large");
}

TEST_F(TransferTest, TheLimitIsForTheBodyThatWasWanted) {
  max_bytes_ = 100;
  options_.retry.retries = 1;
  const std::string page(10'000, 'x');
  std::atomic<int> turn = 0;
  server_.route("/gone", [&](Connection& connection, const Request&) { connection.respond(404, "", page); });
  server_.route("/moved", [&](Connection& connection, const Request&) {
    connection.respond(302, "Location: /here\r\n", page);
  });
  server_.route("/busy", [&](Connection& connection, const Request&) {
    turn++ == 0 ? connection.respond(503, "Retry-After: 0\r\n", page) : connection.respond(200, "", "here");
  });
  server_.serve("/here", "text/plain", "here");
  EXPECT_EQ(fetch(server_.url("/gone"))->status, 404);
  for (const char* path : {"/moved", "/busy"}) {
    const Result<HttpResponse> answer = fetch(server_.url(path));
    ASSERT_TRUE(answer) << path << answer.failure().message;
    EXPECT_EQ(as_text(answer->body), "here");
  }
}

TEST_F(TransferTest, AnErrorPageThatUnpacksToNothingEnds) {
  std::string nothing;
  for (int i = 0; i < 2000; ++i) nothing += std::string_view("\x00\x00\x00\xff\xff", 5);
  server_.route("/a", [nothing](Connection& connection, const Request&) {
    connection.send("HTTP/1.1 404 Not Found\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n");
    connection.send(chunk(kGzipMagic));
    while (connection.send(chunk(nothing))) {
    }
  });
  const Result<HttpResponse> answer = fetch(server_.url("/a"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 404);
}

TEST_F(TransferTest, AnErrorPageWithoutEndIsJustAnError) {
  server_.route("/a", [](Connection& connection, const Request&) {
    connection.send("HTTP/1.1 404 Not Found\r\n\r\n");
    while (connection.send(std::string(5000, 'x'))) {
    }
  });
  const Result<HttpResponse> answer = fetch(server_.url("/a"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 404);
  EXPECT_TRUE(answer->body.empty());
}

TEST_F(TransferTest, ABodyShorterThanDeclaredIsABrokenConnection) {
  serve_raw("/a", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
  EXPECT_EQ(failure_code(server_.url("/a")), "network");
}

TEST_F(TransferTest, ABodyLongerThanDeclaredEndsWhereItSaid) {
  serve_raw("/a", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere, and much more");
  EXPECT_EQ(as_text(fetch(server_.url("/a"))->body), "here");
}

TEST_F(TransferTest, GivesUpOnATrickle) {
  timeouts_.slow_for = 1s;
  server_.route("/a", [](Connection& connection, const Request&) {
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    connection.trickle(std::string(100000, 'x'), 50ms);
  });
  const Result<HttpResponse> answer = fetch(server_.url("/a"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.failure().code, "timeout");
  EXPECT_EQ(answer.failure().message, "is too slow: less than 1.0 kB a second for 1 s");
}

TEST_F(TransferTest, GivesUpAfterTheTotalTime) {
  timeouts_.total = 200ms;
  server_.route("/silent", [](Connection& connection, const Request&) { connection.sleep(1h); });
  server_.route("/long", [](Connection& connection, const Request&) {
    connection.send("HTTP/1.1 200 OK\r\n\r\n");
    while (connection.send(std::string(100, 'x')) && connection.sleep(5ms)) {
    }
  });
  for (const char* path : {"/silent", "/long"}) {
    const Result<HttpResponse> answer = fetch(server_.url(path));
    ASSERT_FALSE(answer) << path;
    EXPECT_EQ(answer.failure().code, "timeout") << path;
    EXPECT_EQ(answer.failure().message, "not complete after 0.2 s") << path;
  }
}

TEST_F(TransferTest, SaysWhatWentWrongWithTheConnection) {
  int free_port = 0;
  {
    const test::FakeHttpServer gone;
    free_port = gone.port();
  }
  const Result<HttpResponse> refused = fetch(fmt::format("http://127.0.0.1:{}/", free_port));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.failure().code, "connect");
  EXPECT_EQ(refused.failure().message, "cannot connect to 127.0.0.1: Connection refused");

  const Result<HttpResponse> unknown = fetch("http://no-such-host.invalid/");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.failure().code, "dns");
  EXPECT_EQ(unknown.failure().message, "cannot resolve host name no-such-host.invalid");

  std::string plain = server_.url("/");
  const Result<HttpResponse> not_tls = fetch(plain.replace(0, 4, "https"));
  ASSERT_FALSE(not_tls);
  EXPECT_EQ(not_tls.failure().code, "tls");
  EXPECT_THAT(not_tls.failure().message, StartsWith("no secure connection: "));
}

TEST_F(TransferTest, RefusesWhatIsNotHttp) {
  serve_raw("/ssh", "SSH-2.0-OpenSSH_9.2\r\n");
  serve_raw("/garbage", std::string(300, '\xff'));
  serve_raw("/version", "HTTP/7.5 200 OK\r\n\r\n");
  serve_raw("/status", "HTTP/1.1 banana\r\n\r\n");
  serve_raw("/encoding", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain");
  for (const char* path : {"/ssh", "/garbage", "/version", "/status", "/encoding"}) {
    EXPECT_EQ(failure_code(server_.url(path)), "bad_response") << path;
  }
  serve_raw("/nothing", "");
  EXPECT_EQ(failure_code(server_.url("/nothing")), "network");
}

}  // namespace
}  // namespace winnow::net
