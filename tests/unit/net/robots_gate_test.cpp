#include "robots_gate.hpp"

#include <fmt/format.h>

#include <mutex>
#include <thread>

#include "client_fixture.hpp"

namespace winnow::net {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Verdict = RobotsGate::Verdict;

constexpr HostLimiter::Time kStart{};

Url url_of(const std::string& text) {
  return *Url::parse(text);
}

Result<HttpResponse> answer(int status, std::string_view body = "") {
  const ByteSpan bytes = as_bytes(body);
  return HttpResponse{.status = status,
                      .url = url_of("http://a/robots.txt"),
                      .headers = {},
                      .body = {bytes.begin(), bytes.end()},
                      .memory_lease = {}};
}

class RobotsGateTest : public testing::Test {
 protected:
  // What becomes of a page of a host whose robots.txt brings this.
  RobotsGate::Answer after(const Result<HttpResponse>& robots) {
    RobotsGate gate("winnow-scrape");
    EXPECT_EQ(gate.knock(url_of("http://a/x"), 1, kStart).verdict, Verdict::kAsk);
    EXPECT_THAT(gate.arrived(url_of("http://a/robots.txt"), robots, kStart), ElementsAre(1));
    return gate.knock(url_of("http://a/x"), 1, kStart);
  }
};

TEST_F(RobotsGateTest, AsksOncePerOrigin) {
  RobotsGate gate("winnow-scrape");
  EXPECT_EQ(gate.knock(url_of("http://a/1"), 1, kStart).verdict, Verdict::kAsk);
  EXPECT_EQ(gate.knock(url_of("http://a/2"), 2, kStart).verdict, Verdict::kWait);
  EXPECT_EQ(gate.knock(url_of("https://a/1"), 3, kStart).verdict, Verdict::kAsk);
  EXPECT_EQ(gate.knock(url_of("http://a:81/1"), 4, kStart).verdict, Verdict::kAsk);
  EXPECT_THAT(gate.arrived(url_of("http://a/robots.txt"), answer(404), kStart), ElementsAre(1, 2));
  EXPECT_EQ(gate.knock(url_of("http://a/1"), 1, kStart).verdict, Verdict::kPass);
}

TEST_F(RobotsGateTest, NoneThereAllowsEverything) {
  for (const int status : {400, 401, 403, 404, 410, 304, 302}) {
    EXPECT_EQ(after(answer(status)).verdict, Verdict::kPass) << status;
  }
  EXPECT_EQ(after(Failure{"too_many_redirects", ""}).verdict, Verdict::kPass);
}

TEST_F(RobotsGateTest, OneThatCannotBeReadForbidsEverything) {
  for (const int status : {429, 500, 503}) {
    const RobotsGate::Answer refused = after(answer(status));
    EXPECT_EQ(refused.verdict, Verdict::kRefuse) << status;
    EXPECT_EQ(refused.why->code, "robots");
    EXPECT_THAT(refused.why->message, HasSubstr("http://a/robots.txt answers " + std::to_string(status)));
  }
  for (const char* code : {"timeout", "network", "bad_response", "refused_scheme"}) {
    const RobotsGate::Answer refused = after(Failure{code, "is slow"});
    EXPECT_EQ(refused.verdict, Verdict::kRefuse) << code;
    EXPECT_EQ(refused.why->code, "robots");
    EXPECT_EQ(refused.why->message, "is left alone, since http://a/robots.txt cannot be read (is slow)");
  }
}

TEST_F(RobotsGateTest, AHostThatCannotBeReachedIsJustThat) {
  for (const char* code : {"dns", "connect", "refused_address", "tls", "host_down"}) {
    EXPECT_EQ(after(Failure{code, "x"}).why->code, code);
  }
}

TEST_F(RobotsGateTest, KeepsToTheRules) {
  const char* rules = "User-agent: *\nDisallow: /x\nCrawl-delay: 3";
  EXPECT_EQ(after(answer(200, rules)).why->code, "robots");
  EXPECT_EQ(after(answer(200, "User-agent: *\nContent-Usage: train-ai=n")).why->code, "opted_out");
  EXPECT_EQ(after(answer(200, "<html>welcome</html>")).verdict, Verdict::kPass);
  RobotsGate gate("winnow-scrape");
  gate.arrived(url_of("http://a/robots.txt"), answer(200, rules), kStart);
  EXPECT_EQ(gate.crawl_delay(url_of("http://a/y")), 3s);
  EXPECT_EQ(gate.crawl_delay(url_of("http://b/y")), std::nullopt);
}

TEST_F(RobotsGateTest, AsksAgainAfterADayOrMinutes) {
  RobotsGate gate("winnow-scrape");
  const Url a = url_of("http://a/1");
  const Url b = url_of("http://b/1");
  gate.arrived(a, answer(404), kStart);
  gate.arrived(b, answer(500), kStart);
  EXPECT_EQ(gate.knock(a, 1, kStart + 23h).verdict, Verdict::kPass);
  EXPECT_EQ(gate.knock(b, 2, kStart + 4min).verdict, Verdict::kRefuse);
  EXPECT_EQ(gate.knock(b, 2, kStart + 6min).verdict, Verdict::kAsk);
  EXPECT_EQ(gate.knock(a, 1, kStart + 25h).verdict, Verdict::kAsk);
}

TEST_F(RobotsGateTest, ForgetsTheOldestBeforeItGrowsTooLarge) {
  std::string large = "User-agent: *\n";
  while (large.size() < RobotsTxt::kMaxBytes) large += "Disallow: /a\n";
  RobotsGate gate("winnow-scrape");
  for (int i = 0; i < 100; ++i)
    gate.arrived(url_of(fmt::format("http://h{}/", i)), answer(200, large), kStart);
  EXPECT_EQ(gate.knock(url_of("http://h0/b"), 1, kStart).verdict, Verdict::kAsk);
  EXPECT_EQ(gate.knock(url_of("http://h99/b"), 2, kStart).verdict, Verdict::kPass);
  EXPECT_EQ(gate.knock(url_of("http://h99/a"), 3, kStart).verdict, Verdict::kRefuse);
}

class RobotsTest : public ClientFixture {
 protected:
  RobotsTest() {
    options_.robots_token = "winnow-scrape";
    options_.retry.retries = 1;
    server_.serve("/a", "text/plain", "here");
  }
  void serve_rules(const std::string& rules) { server_.serve("/robots.txt", "text/plain", rules); }
};

TEST_F(RobotsTest, AreAskedForOnceAndKept) {
  serve_rules("User-agent: *\nDisallow: /secret\n");
  std::vector<std::future<Result<HttpResponse>>> answers;
  for (int i = 0; i < 20; ++i) answers.push_back(start(server_.url("/a")));
  for (auto& a : answers) EXPECT_TRUE(a.get());
  const Result<HttpResponse> refused = fetch(server_.url("/secret"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.failure().code, "robots");
  EXPECT_EQ(refused.failure().message, "is closed to crawlers by the robots.txt of its host");
  EXPECT_EQ(server_.count("/robots.txt"), 1);
  EXPECT_EQ(server_.count("/secret"), 0);
}

TEST_F(RobotsTest, HoldForRedirects) {
  test::FakeHttpServer other;
  other.serve("/robots.txt", "text/plain", "User-agent: *\nDisallow: /\n");
  server_.redirect("/b", other.url("/a"));
  EXPECT_EQ(failure_code(server_.url("/b")), "robots");
  EXPECT_EQ(other.count("/a"), 0);
}

TEST_F(RobotsTest, AreFollowedOverFiveRedirects) {
  for (int i = 1; i <= 6; ++i) server_.redirect(fmt::format("/{}", i), fmt::format("/{}", i - 1));
  server_.serve("/0", "text/plain", "User-agent: *\nDisallow: /\n");
  server_.redirect("/robots.txt", "/4");
  EXPECT_EQ(failure_code(server_.url("/a", "x.localhost")), "robots");
  server_.redirect("/robots.txt", "/5");  // one too many: as if there were none
  EXPECT_EQ(failure_code(server_.url("/a", "y.localhost")), "");
}

TEST_F(RobotsTest, ThatCannotBeReadForbidEverything) {
  server_.route("/robots.txt",
                [](Connection& connection, const Request&) { connection.respond(503, "", ""); });
  EXPECT_EQ(failure_code(server_.url("/a")), "robots");
  EXPECT_EQ(server_.count("/robots.txt"), 2);  // tried again first
  EXPECT_EQ(server_.count("/a"), 0);
}

TEST_F(RobotsTest, AreReadAsFarAsTheyMustBe) {
  std::string rules = "User-agent: *\nDisallow: /early\n";
  while (rules.size() < 1'000'000) rules += "# and so on, without end\n";
  serve_rules(rules + "Disallow: /a\n");
  EXPECT_EQ(failure_code(server_.url("/a")), "");
  EXPECT_EQ(failure_code(server_.url("/early")), "robots");
}

TEST_F(RobotsTest, AreNoMatterForWhatDoesNotHeedThem) {
  serve_rules("User-agent: *\nDisallow: /\n");
  HttpRequest wanted = request(server_.url("/a"));
  wanted.heeds_robots = false;
  std::promise<bool> promise;
  client().submit(wanted, [&](Result<HttpResponse> result) { promise.set_value(bool(result)); });
  EXPECT_TRUE(promise.get_future().get());
  EXPECT_EQ(server_.count("/robots.txt"), 0);
}

TEST_F(RobotsTest, OfAHostThatIsNotThereAreNoMatterEither) {
  EXPECT_EQ(failure_code("http://no-such-host.invalid/a"), "dns");
  options_.refuse = HttpClientOptions{}.refuse;
  client_.reset();
  EXPECT_EQ(failure_code(server_.url("/a")), "refused_address");
}

TEST_F(RobotsTest, CanAskForLongerPauses) {
  options_.max_crawl_delay = 60ms;
  serve_rules("User-agent: *\nCrawl-delay: 10\n");
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::future<Result<HttpResponse>>> answers;
  for (int i = 0; i < 4; ++i) answers.push_back(start(server_.url("/a")));
  for (auto& a : answers) EXPECT_TRUE(a.get());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 180ms);
}

TEST_F(RobotsTest, AreGivenUpWithEverythingElse) {
  server_.route("/robots.txt", [](Connection& connection, const Request&) { connection.sleep(1h); });
  std::vector<std::future<Result<HttpResponse>>> answers;
  for (int i = 0; i < 5; ++i) answers.push_back(start(server_.url("/a")));
  while (server_.count("/robots.txt") == 0) std::this_thread::sleep_for(1ms);
  client().stop();
  for (auto& a : answers) EXPECT_EQ(a.get().failure().code, "cancelled");
}

TEST_F(RobotsTest, ALongPauseIsTold) {
  options_.robots_token.clear();
  options_.retry.retries = 0;
  std::mutex mutex;
  std::vector<std::string> told;
  options_.on_pause = [&](std::string_view host, std::chrono::milliseconds pause) {
    const std::lock_guard lock(mutex);
    told.push_back(fmt::format("{} {}", host, pause.count()));
  };
  server_.route("/busy", [](Connection& c, const Request&) { c.respond(503, "Retry-After: 120\r\n", ""); });
  server_.route("/short", [](Connection& c, const Request&) { c.respond(503, "Retry-After: 2\r\n", ""); });
  EXPECT_EQ(fetch(server_.url("/short", "a.localhost"))->status, 503);
  EXPECT_EQ(fetch(server_.url("/busy", "b.localhost"))->status, 503);
  client_.reset();
  EXPECT_THAT(told, ElementsAre("b.localhost 120000"));
}

}  // namespace
}  // namespace winnow::net
