// Chunked bodies, as the server takes and refuses them.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "running_server.hpp"

namespace winnow::httpd {
namespace {

using namespace std::chrono_literals;

TEST(Chunked, BodyIsTaken) {
  RunningServer server;
  const std::vector<std::pair<std::string, std::string>> bodies = {
      {"5\r\nhello\r\n0\r\n\r\n", "hello"},
      {"1\r\nh\r\n4\r\nello\r\n0\r\n\r\n", "hello"},
      {"0005\r\nhello\r\n000\r\n\r\n", "hello"},
      {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
      {"a;ext=1;other=\"x\"\r\n0123456789\r\n0;last\r\n\r\n", "0123456789"},
      {"0\r\n\r\n", ""},
      {"2\r\nhi\r\n0\r\nX-Trailer: 1\r\nContent-Length: 9\r\nConnection: close\r\n\r\n", "hi"},
      {"4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"},
  };
  RawClient client(server.port());
  for (const auto& [chunks, content] : bodies) {
    client.send(post_chunked("/", chunks));
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.body, "POST / ? " + content) << chunks;
    EXPECT_EQ(reply.header("connection"), "") << "a trailer was taken for a header";
  }
}

TEST(Chunked, BodyIsTakenInWhateverPieces) {
  RunningServer server;
  const std::string bytes = post_chunked("/", "3;x\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nT: v\r\n\r\n");
  RawClient slow(server.port());
  for (const char byte : bytes) {
    slow.send(std::string(1, byte));
    std::this_thread::sleep_for(200us);
  }
  EXPECT_EQ(slow.read_reply().body, "POST / ? abc0123456789abcdef");
}

TEST(Chunked, BodyIsRefusedWhenDamaged) {
  RunningServer server;
  const std::vector<std::string> damaged = {
      "x\r\nhello\r\n0\r\n\r\n",
      "\r\nhello\r\n0\r\n\r\n",
      "-1\r\nhello\r\n0\r\n\r\n",
      "0x5\r\nhello\r\n0\r\n\r\n",
      " 5\r\nhello\r\n0\r\n\r\n",
      "5 \r\nhello\r\n0\r\n\r\n",
      "5\nhello\n0\n\n",
      "5\r\nhelloX\r\n0\r\n\r\n",
      "5\r\nhello\n0\r\n\r\n",
      "5\r\nhello0\r\n\r\n",
      "5;\x01\r\nhello\r\n0\r\n\r\n",
      "5\r\nhello\r\n0\r\nT: v\n\r\n",
      "5\rhello\r\n0\r\n\r\n",
      std::string(5000, '0') + "\r\n\r\n",
      "0\r\n" + std::string(20, '\n') + "\r\n\r\n",
  };
  for (const std::string& chunks : damaged) {
    RawClient client(server.port());
    client.send(post_chunked("/", chunks) + get("/smuggled"));
    client.finish_sending();
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 400) << chunks;
    EXPECT_EQ(reply.header("connection"), "close");
    EXPECT_TRUE(client.closed_by_server()) << chunks;
  }
}

TEST(Chunked, BodyIsRefusedWithEndlessTrailers) {
  RunningServer server;
  RawClient client(server.port());
  std::string trailers;
  for (int i = 0; i < 2000; ++i) trailers += "X: y\r\n";
  client.send(post_chunked("/", "0\r\n" + trailers + "\r\n"));
  EXPECT_EQ(client.read_reply().status, 400);
}

TEST(Chunked, BodyIsCountedAsItArrives) {
  RunningServer server(echo, [](ServerOptions& options) { options.limits.body_bytes = 10; });
  RawClient client(server.port());
  client.send(post_chunked("/", "5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n"));
  EXPECT_EQ(client.read_reply().status, 200) << "just within the limit";
  client.send(post_chunked("/", "5\r\nhello\r\n6\r\n"));
  EXPECT_EQ(client.read_reply().status, 413) << "before the content that is too much";
  RawClient other(server.port());
  other.send(post_chunked("/", "ffffffffffffffffffff\r\n"));
  EXPECT_EQ(other.read_reply().status, 413);
}

}  // namespace
}  // namespace winnow::httpd
