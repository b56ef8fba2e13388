#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "running_server.hpp"

namespace winnow::httpd {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// What all sinks of a test have seen.
struct Seen {
  std::atomic<int> alive = 0;
  std::atomic<std::uint64_t> bytes = 0;
  std::atomic<std::size_t> largest_piece = 0;
};

struct SinkOptions {
  std::uint64_t max_bytes = 1'000'000;
  std::chrono::milliseconds max_time = 60s;
  std::uint64_t refuse_from = ~std::uint64_t{0};
  bool own_words = false;
};

class CountingSink final : public BodySink {
 public:
  CountingSink(Seen& seen, const SinkOptions& options) : seen_(seen), options_(options) { ++seen_.alive; }
  ~CountingSink() override { --seen_.alive; }
  CountingSink(const CountingSink&) = delete;
  CountingSink& operator=(const CountingSink&) = delete;

  [[nodiscard]] std::uint64_t max_bytes() const override { return options_.max_bytes; }
  [[nodiscard]] std::chrono::milliseconds max_time() const override { return options_.max_time; }
  std::optional<Problem> take(ByteSpan piece) override {
    text_ += as_text(piece);
    seen_.bytes += piece.size();
    seen_.largest_piece = std::max(seen_.largest_piece.load(), piece.size());
    if (text_.size() < options_.refuse_from) return std::nullopt;
    return Problem{422, "no-more", "That is enough.", {}};
  }
  [[nodiscard]] std::optional<Problem> too_large() const override {
    if (!options_.own_words) return std::nullopt;
    return Problem{413, "pay-more", "Pay more.", {}};
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  Seen& seen_;
  const SinkOptions options_;
  std::string text_;
};

// A server whose bodies below /sink go into sinks, and are told back.
class SinkServer {
 public:
  explicit SinkServer(const SinkOptions& options = {}, const std::function<void(ServerOptions&)>& change = {})
      : server_(Service{.handle =
                            [](const Request& request, Responder respond) {
                              const auto* sink = dynamic_cast<const CountingSink*>(request.sink.get());
                              const std::string text =
                                  sink == nullptr ? std::string(as_text(request.body)) : sink->text();
                              const std::string where = sink == nullptr ? "memory: " : "sink: ";
                              respond(text_response(
                                  200,
                                  where + text + (sink != nullptr && !request.body.empty() ? " twice" : "")));
                            },
                        .admit = {},
                        .render = {},
                        .observe = {},
                        .sink = [this, options](const Request& request) -> std::shared_ptr<BodySink> {
                          if (!request.path.starts_with("/sink")) return nullptr;
                          return std::make_shared<CountingSink>(seen, options);
                        }},
                change) {}

  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  // Waits until no request holds a sink any more.
  [[nodiscard]] bool all_gone() const {
    for (int i = 0; i < 2'000 && seen.alive > 0; ++i) std::this_thread::sleep_for(5ms);
    return seen.alive == 0;
  }
  void wait_for_bytes(std::uint64_t bytes) const {
    for (int i = 0; i < 2'000 && seen.bytes < bytes; ++i) std::this_thread::sleep_for(5ms);
  }

  Seen seen;

 private:
  RunningServer server_;
};

TEST(BodySink, TakesSizedAndChunkedBodiesAndTheConnectionGoesOn) {
  SinkServer server;
  RawClient client(server.port());
  client.send(post("/sink", "one two"));
  EXPECT_EQ(client.read_reply().body, "sink: one two");
  client.send(post_chunked("/sink", "3\r\none\r\n4\r\n two\r\n0\r\n\r\n"));
  EXPECT_EQ(client.read_reply().body, "sink: one two");
  client.send(post("/memory", "three"));
  EXPECT_EQ(client.read_reply().body, "memory: three");
  client.send(get("/sink"));
  EXPECT_EQ(client.read_reply().body, "memory: ") << "there is no body that needs one";
  EXPECT_TRUE(server.all_gone());
}

TEST(BodySink, TakesMoreThanTheServerHoldsInMemoryPieceByPiece) {
  SinkServer server({.max_bytes = 10'000'000},
                    [](ServerOptions& options) { options.limits.body_bytes = 1'000; });
  const std::string large(5'000'000, 'x');
  RawClient client(server.port());
  client.send(post("/sink", large));
  EXPECT_EQ(client.read_reply().body.size(), large.size() + 6);
  EXPECT_LE(server.seen.largest_piece, 1U << 17);
  RawClient other(server.port());
  other.send(post("/memory", large.substr(0, 1'001)));
  EXPECT_EQ(other.read_reply().status, 413) << "without a sink the server's own limit holds";
}

TEST(BodySink, TooMuchIsRefusedByItsClaim) {
  SinkServer server({.max_bytes = 10});
  RawClient client(server.port());
  client.send("POST /sink HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n");
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 413);
  EXPECT_THAT(reply.body, HasSubstr("urn:winnow:problem:too-large"));
  EXPECT_EQ(server.seen.bytes, 0U);
  client.finish_sending();
  RawClient exact(server.port());
  exact.send(post("/sink", "0123456789"));
  EXPECT_EQ(exact.read_reply().status, 200);
  EXPECT_TRUE(server.all_gone());
}

TEST(BodySink, TooMuchIsRefusedWhileItComesAndInTheSinksOwnWords) {
  SinkServer server({.max_bytes = 10, .own_words = true});
  RawClient client(server.port());
  client.send(post_chunked("/sink", "a\r\n0123456789\r\n"));
  server.wait_for_bytes(10);
  client.send("1\r\nx\r\n");
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 413);
  EXPECT_THAT(reply.body, HasSubstr("urn:winnow:problem:pay-more"));
  RawClient claimed(server.port());
  claimed.send("POST /sink HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n");
  EXPECT_THAT(claimed.read_reply().body, HasSubstr("Pay more."));
}

TEST(BodySink, ABodyHasToComeInItsTime) {
  SinkServer server({.max_time = 100ms});
  RawClient client(server.port());
  client.send("POST /sink HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf");
  EXPECT_EQ(client.read_reply().status, 408);
  EXPECT_TRUE(server.all_gone());
}

TEST(BodySink, MayRefuseInTheMiddle) {
  SinkServer server({.refuse_from = 4});
  RawClient sized(server.port());
  sized.send("POST /sink HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nhalf");
  const Reply reply = sized.read_reply();
  EXPECT_EQ(reply.status, 422) << "before the rest has come";
  EXPECT_THAT(reply.body, HasSubstr("That is enough."));
  EXPECT_EQ(reply.header("connection"), "close");
  RawClient chunked(server.port());
  chunked.send(post_chunked("/sink", "4\r\nhalf\r\n"));
  EXPECT_EQ(chunked.read_reply().status, 422);
}

TEST(BodySink, GoesWithAClientThatGoes) {
  SinkServer server;
  RawClient client(server.port());
  client.send("POST /sink HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf");
  server.wait_for_bytes(4);
  EXPECT_EQ(server.seen.alive, 1);
  client.reset();
  EXPECT_TRUE(server.all_gone());
}

TEST(BodySink, WhoAsksFirstIsToldToSend) {
  SinkServer server({.max_bytes = 10});
  RawClient client(server.port());
  client.send("POST /sink HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_THAT(client.read_some(), HasSubstr("100 Continue"));
  client.send("body");
  EXPECT_EQ(client.read_reply().body, "sink: body");
  RawClient refused(server.port());
  refused.send("POST /sink HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 40\r\n\r\n");
  EXPECT_EQ(refused.read_reply().status, 413) << "without asking for the body";
}

}  // namespace
}  // namespace winnow::httpd
