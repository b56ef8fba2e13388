#include "winnow/serving/site.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <future>
#include <thread>

#include "running_site.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/json.hpp"

namespace winnow::serving {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr const char* kApi = "/api/classify";

TEST(Site, LivesBeforeItIsReady) {
  RunningSite site(nullptr);
  EXPECT_EQ(site.get("/healthz").status, 200);
  const Reply ready = site.get("/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(ready.body, "loading the model\n");
  EXPECT_NE(ready.header("retry-after"), "");
  for (const Reply& reply : {site.get("/"), site.post(kApi, red_jpeg()), site.post("/classify", "x")}) {
    EXPECT_EQ(reply.status, 503);
    EXPECT_NE(reply.header("retry-after"), "");
  }
  EXPECT_THAT(site.get("/", "Accept: text/html\r\n").body, HasSubstr("http-equiv=\"refresh\""));

  site->open({"test", 1}, std::make_unique<ColourClassifier>(), "test.onnx");
  EXPECT_EQ(site.get("/readyz").status, 503) << "there may be more to come";
  EXPECT_THAT(site.get("/metrics").body, HasSubstr("winnow_ready 0\n"));
  site->set_ready();
  EXPECT_EQ(site.get("/readyz").status, 200);
  EXPECT_THAT(site.get("/metrics").body, HasSubstr("winnow_ready 1\n"));
  EXPECT_EQ(site.get("/").status, 200);
  EXPECT_EQ(site.post(kApi, red_jpeg()).status, 200);
}

// A classifier whose first answer makes no sense.
class BrokenClassifier : public ColourClassifier {
 public:
  using Damage = std::function<void(std::vector<inference::Prediction>&)>;
  explicit BrokenClassifier(Damage damage) : damage_(std::move(damage)) {}
  std::vector<inference::Prediction> classify(std::span<const std::uint8_t> pixels) override {
    std::vector<inference::Prediction> predictions = ColourClassifier::classify(pixels);
    damage_(predictions);
    return predictions;
  }

 private:
  Damage damage_;
};

TEST(Site, IsNotReadyWithAClassifierThatMakesNoSense) {
  RunningSite site(nullptr);
  const std::vector<BrokenClassifier::Damage> damages = {
      [](auto& predictions) { predictions.clear(); },
      [](auto& predictions) { predictions.push_back(predictions.front()); },
      [](auto& predictions) { predictions.back().probabilities.pop_back(); },
      [](auto& predictions) {
        predictions.back().probabilities = {0.1F, 0.1F, 0.1F};
      },
      [](auto& predictions) { predictions.back().probabilities[1] = std::nanf(""); },
  };
  for (const auto& damage : damages) {
    try {
      site->open({}, std::make_unique<BrokenClassifier>(damage), "pets.onnx");
      ADD_FAILURE() << "it was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
      EXPECT_THAT(error.what(), testing::StartsWith("pets.onnx: "));
    }
    EXPECT_EQ(site.get("/readyz").status, 503);
  }
  EXPECT_THROW(
      site->open({}, std::make_unique<BrokenClassifier>([](auto&) { throw std::runtime_error("engine"); }),
                 "x"),
      std::runtime_error);
  EXPECT_EQ(site.get("/readyz").status, 503);
}

TEST(Site, OutlivesAClassifierThatThrows) {
  std::atomic<bool> broken = false;
  RunningSite site(std::make_unique<BrokenClassifier>([&](auto&) {
    if (broken) throw std::runtime_error("the engine broke");
  }));
  broken = true;
  const Reply reply = site.post(kApi, red_jpeg());
  EXPECT_EQ(reply.status, 500);
  EXPECT_THAT(reply.body, HasSubstr("internal-error"));
  EXPECT_THAT(reply.body, testing::Not(HasSubstr("engine")));
  broken = false;
  EXPECT_EQ(site.post(kApi, red_jpeg()).status, 200);
}

TEST(Site, TellsWhoFindsTheQueueFullToComeBack) {
  const auto gate = std::make_shared<ColourClassifier::Gate>();
  RunningSite site(std::make_unique<ColourClassifier>(gate), [](SiteOptions& options) {
    options.batching.decoders = 1;
    options.batching.queue = 1;
  });
  gate->inside = 0;
  gate->set_open(false);
  const auto send = [&] { return site.post(kApi, red_jpeg()); };
  std::future<Reply> working = std::async(std::launch::async, send);
  gate->wait_for_visitor();
  // Of two more one waits, and the other is told at once, while nothing moves.
  std::vector<std::future<Reply>> others;
  for (int i = 0; i < 2; ++i) others.push_back(std::async(std::launch::async, send));
  std::size_t refused = 2;
  while (refused == 2) {
    for (std::size_t i = 0; i < 2; ++i) {
      if (others[i].wait_for(1ms) == std::future_status::ready) refused = i;
    }
  }
  const Reply full = others[refused].get();
  EXPECT_EQ(full.status, 503);
  EXPECT_THAT(full.body, HasSubstr("urn:winnow:problem:queue-full"));
  EXPECT_NE(full.header("retry-after"), "");
  EXPECT_EQ(site.get("/healthz").status, 200) << "health does not wait for the network";
  EXPECT_EQ(site.get("/readyz").status, 200);

  gate->set_open(true);
  EXPECT_EQ(working.get().status, 200);
  EXPECT_EQ(others[1 - refused].get().status, 200);
  EXPECT_EQ(send().status, 200);
}

TEST(Site, RetiresBeforeItStops) {
  RunningSite site;
  site->retire();
  const Reply ready = site.get("/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(ready.body, "draining\n");
  EXPECT_EQ(site.get("/healthz").status, 200);
  EXPECT_EQ(site.post(kApi, red_jpeg()).status, 200) << "who comes all the same is answered";
}

TEST(Site, DrainsWhatIsInFlight) {
  const auto gate = std::make_shared<ColourClassifier::Gate>();
  RunningSite site(std::make_unique<ColourClassifier>(gate));
  gate->inside = 0;
  gate->set_open(false);
  RawClient client(site.port());
  const std::string body = red_jpeg();
  client.send("POST /api/classify HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n\r\n" + body);
  gate->wait_for_visitor();
  EXPECT_FALSE(site->drain(10ms));
  std::future<bool> drained = std::async(std::launch::async, [&] { return site->drain(30s); });
  gate->set_open(true);
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("connection"), "close");
  client.finish_sending();
  EXPECT_TRUE(drained.get());
}

TEST(Site, MayEndWhileRequestsWait) {
  const auto gate = std::make_shared<ColourClassifier::Gate>();
  RunningSite site(std::make_unique<ColourClassifier>(gate),
                   [](SiteOptions& options) { options.batching.decoders = 1; });
  gate->inside = 0;
  gate->set_open(false);
  std::vector<std::unique_ptr<RawClient>> clients;
  const std::string body = red_jpeg();
  for (int i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<RawClient>(site.port()));
    clients.back()->send("POST /api/classify HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                         std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  gate->wait_for_visitor();
  std::jthread opener([&] {
    std::this_thread::sleep_for(20ms);
    gate->set_open(true);
  });
  site.destroy();
  for (const auto& client : clients) EXPECT_TRUE(client->closed_by_server());
}

TEST(Site, AnswersManyAtOnce) {
  RunningSite site;
  std::vector<std::jthread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&site, i] {
      const std::string label = i % 2 == 0 ? "red" : "green";
      const std::string body = i % 2 == 0 ? red_jpeg() : green_jpeg();
      for (int k = 0; k < 10; ++k) EXPECT_EQ(Json::parse(site.post(kApi, body).body)["label"], label);
    });
  }
}

TEST(Site, KnowsItsPathsAndMethods) {
  RunningSite site;
  EXPECT_EQ(site.get("/nothing").status, 404);
  EXPECT_EQ(site.get("/nothing").header("content-type"), "application/problem+json");
  const Reply wrong = site.get(kApi);
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.header("allow"), "OPTIONS, POST");
  EXPECT_EQ(site.post("/", "x").status, 405);
  EXPECT_EQ(test::request(site.port(), "HEAD", "/readyz").status, 200);
  EXPECT_EQ(test::request(site.port(), "OPTIONS", kApi).header("allow"), "OPTIONS, POST");
}

TEST(Site, ProtectsEveryAnswer) {
  RunningSite site;
  std::vector<Reply> replies = {site.get("/"),
                                site.get("/healthz"),
                                site.get("/readyz"),
                                site.get("/nothing"),
                                site.get("/nothing", "Accept: text/html\r\n"),
                                site.post(kApi, red_jpeg()),
                                site.post(kApi, "nonsense"),
                                site.post("/classify", Form().add_file("file", "a", red_jpeg())),
                                site.post("/classify", "nonsense"),
                                site.get("/", "If-None-Match: *\r\n")};
  RawClient malformed(site.port());
  malformed.send("nonsense\r\n\r\n");
  replies.push_back(malformed.read_reply());
  for (const Reply& reply : replies) {
    SCOPED_TRACE(std::to_string(reply.status) + " " + reply.body.substr(0, 60));
    const std::string policy = reply.header("content-security-policy");
    for (const std::string rule : {"default-src 'none'", "script-src 'self'", "style-src 'self'",
                                   "img-src 'self' blob: data:", "connect-src 'self'", "form-action 'self'",
                                   "base-uri 'none'", "frame-ancestors 'none'"}) {
      EXPECT_THAT(policy, HasSubstr(rule));
    }
    EXPECT_THAT(policy, testing::Not(HasSubstr("unsafe")));
    EXPECT_EQ(reply.header("x-content-type-options"), "nosniff");
    EXPECT_EQ(reply.header("referrer-policy"), "no-referrer");
    EXPECT_NE(reply.header("cache-control"), "");
  }
  EXPECT_EQ(site.post(kApi, red_jpeg()).header("cache-control"), "no-store");
  EXPECT_EQ(site.post(kApi, "nonsense").header("cache-control"), "no-store");
  EXPECT_EQ(site.get("/readyz").header("cache-control"), "no-store");
}

TEST(Site, LetsOnlyNamedOriginsAsk) {
  RunningSite site(std::make_unique<ColourClassifier>(),
                   [](SiteOptions& options) { options.cors_origins = {"https://a.example"}; });
  const std::string from_a = "Origin: https://a.example\r\n";
  for (const Reply& reply :
       {site.post(kApi, red_jpeg(), from_a), site.post(kApi, "x", from_a), site.get("/nothing", from_a),
        test::request(site.port(), "OPTIONS", kApi, "", from_a)}) {
    EXPECT_EQ(reply.header("access-control-allow-origin"), "https://a.example") << reply.status;
    EXPECT_THAT(reply.header("access-control-allow-headers"), HasSubstr("Content-Type"));
    EXPECT_EQ(reply.header("vary"), "Origin");
  }
  EXPECT_EQ(
      site.post(kApi, red_jpeg(), "Origin: https://b.example\r\n").header("access-control-allow-origin"), "");
  EXPECT_EQ(RunningSite().post(kApi, red_jpeg(), from_a).header("access-control-allow-origin"), "");
  RunningSite open(std::make_unique<ColourClassifier>(),
                   [](SiteOptions& options) { options.cors_origins = {"*"}; });
  EXPECT_EQ(open.post(kApi, red_jpeg(), from_a).header("access-control-allow-origin"), "*");
}

TEST(Site, WritesALineForEachRequest) {
  std::mutex mutex;
  std::vector<Json> lines;
  {
    RunningSite site(std::make_unique<ColourClassifier>(), [&](SiteOptions& options) {
      options.access_log = [&](const std::string& line) {
        const std::lock_guard lock(mutex);
        lines.push_back(Json::parse(line));
      };
    });
    // A line is written once the answer is out, which its client may see first.
    const auto wait_for_lines = [&](std::size_t count) {
      for (int i = 0; i < 500; ++i) {
        {
          const std::lock_guard lock(mutex);
          if (lines.size() >= count) return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    };
    site.post("/api/classify?top=1", red_jpeg(), "X-Request-Id: mine\r\nUser-Agent: \x80\"\\\r\n");
    wait_for_lines(1);
    const Reply lost = site.get("/no%01where");
    wait_for_lines(2);
    EXPECT_EQ(lost.status, 400);
    const Json problem = Json::parse(site.get("/nowhere", "X-Request-Id: lost\r\n").body);
    EXPECT_EQ(problem["request_id"], "lost");
  }
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0]["request_id"], "mine");
  EXPECT_EQ(lines[0]["route"], "/api/classify");
  EXPECT_EQ(lines[0]["status"], 200);
  EXPECT_EQ(lines[0]["received_bytes"], red_jpeg().size());
  EXPECT_EQ(lines[2]["route"], "unknown");
  EXPECT_EQ(lines[2]["path"], "/nowhere");
}

TEST(Site, CountsForPrometheus) {
  RunningSite site;
  site.post(kApi, red_jpeg());
  site.post(kApi, "nonsense");
  site.get("/someones/secret");
  // A request counts once its answer is out, which its client may see first.
  Reply reply = site.get("/metrics");
  for (int i = 0; i < 200 && reply.body.find("route=\"unknown\"") == std::string::npos; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    reply = site.get("/metrics");
  }
  EXPECT_EQ(reply.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  for (const std::string line :
       {"winnow_requests_total{route=\"/api/classify\",status=\"200\"} 1\n",
        "winnow_requests_total{route=\"/api/classify\",status=\"422\"} 1\n",
        "winnow_requests_total{route=\"unknown\",status=\"404\"} 1\n",
        "winnow_request_duration_seconds_bucket{route=\"/api/classify\",le=\"+Inf\"} 2\n",
        "winnow_batch_pictures_count 1\n", "winnow_rejected_total{reason=\"queue_full\"} 0\n",
        "winnow_models 1\n"}) {
    EXPECT_THAT(reply.body, HasSubstr(line));
  }
  EXPECT_THAT(reply.body, testing::Not(HasSubstr("secret"))) << "what clients choose is no label";
}

TEST(Site, CountsWhomItTurnsAway) {
  RunningSite site(std::make_unique<ColourClassifier>(),
                   [](SiteOptions& options) { options.server.limits.connections = 1; });
  RawClient only(site.port());
  const std::string ask = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
  only.send(ask);
  EXPECT_THAT(only.read_reply().body, HasSubstr("winnow_rejected_total{reason=\"busy\"} 0\n"));
  EXPECT_EQ(site.get("/healthz").status, 503);
  only.send(ask);
  EXPECT_THAT(only.read_reply().body, HasSubstr("winnow_rejected_total{reason=\"busy\"} 1\n"));
}

}  // namespace
}  // namespace winnow::serving
