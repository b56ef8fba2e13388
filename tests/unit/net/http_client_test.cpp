#include "winnow/net/http_client.hpp"

#include <fmt/format.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "client_fixture.hpp"
#include "winnow/core/text.hpp"

namespace winnow::net {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;

class HttpClientTest : public ClientFixture {
 protected:
  // Answers with each of the statuses in turn, then with 200.
  void serve_after(const std::string& path, std::vector<std::pair<int, std::string>> statuses_and_headers) {
    auto turn = std::make_shared<std::atomic<std::size_t>>(0);
    server_.route(path, [=](Connection& connection, const Request&) {
      const std::size_t i = (*turn)++;
      if (i < statuses_and_headers.size()) {
        connection.respond(statuses_and_headers[i].first, statuses_and_headers[i].second, "not yet");
      } else {
        connection.respond(200, "", "at last");
      }
    });
  }
};

TEST_F(HttpClientTest, SendsHeadersToTheFirstAddressOnly) {
  server_.redirect("/a", "/b");
  server_.serve("/b", "text/plain", "there");
  HttpRequest wanted = request(server_.url("/a"));
  wanted.headers = std::make_shared<const std::vector<std::string>>(
      std::vector<std::string>{"Authorization: secret", "X-Other: 1"});
  std::promise<int> status;
  client().submit(std::move(wanted),
                  [&](Result<HttpResponse> answer) { status.set_value(answer ? answer->status : 0); });
  EXPECT_EQ(status.get_future().get(), 200);
  EXPECT_EQ(server_.requests("/a").at(0).headers.at("authorization"), "secret");
  EXPECT_EQ(server_.requests("/a").at(0).headers.at("x-other"), "1");
  EXPECT_EQ(server_.requests("/b").at(0).headers.count("authorization"), 0u);
}

TEST_F(HttpClientTest, FollowsRedirects) {
  server_.redirect("/a", "/b", 301);
  server_.redirect("/b", server_.url("/c", "x.localhost"), 307);
  server_.serve("/c", "text/plain", "here");
  const Result<HttpResponse> answer = fetch(server_.url("/a"));
  ASSERT_TRUE(answer) << answer.failure().message;
  EXPECT_EQ(as_text(answer->body), "here");
  EXPECT_EQ(answer->url.text(), server_.url("/c", "x.localhost"));
}

TEST_F(HttpClientTest, FollowsFiveRedirectsAndNotSix) {
  for (int i = 1; i <= 6; ++i) server_.redirect(fmt::format("/{}", i), fmt::format("/{}", i - 1));
  server_.serve("/0", "text/plain", "here");
  EXPECT_EQ(failure_code(server_.url("/5")), "");
  EXPECT_EQ(failure_code(server_.url("/6")), "too_many_redirects");
}

TEST_F(HttpClientTest, LeavesARedirectLoop) {
  server_.redirect("/a", "/b");
  server_.redirect("/b", "/a");
  EXPECT_EQ(failure_code(server_.url("/a")), "too_many_redirects");
  EXPECT_EQ(server_.count(), 6);
}

TEST_F(HttpClientTest, RefusesToBeSentToOtherSchemes) {
  for (const char* target :
       {"file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "javascript:alert(1)"}) {
    server_.redirect("/a", target);
    const Result<HttpResponse> answer = fetch(server_.url("/a"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.failure().code, "refused_scheme");
    EXPECT_THAT(answer.failure().message, AllOf(HasSubstr(target), HasSubstr("only http and https")));
  }
  server_.redirect("/a", "http://exa mple/");
  EXPECT_EQ(failure_code(server_.url("/a")), "bad_url");
}

TEST_F(HttpClientTest, ARedirectWithoutATargetIsAnAnswer) {
  server_.route("/a", [](Connection& connection, const Request&) { connection.respond(302, "", ""); });
  EXPECT_EQ(fetch(server_.url("/a"))->status, 302);
}

TEST_F(HttpClientTest, SendsNoCredentialsAndNoCookies) {
  server_.route("/b", [&](Connection& connection, const Request&) {
    connection.respond(
        302, "Set-Cookie: a=b\r\nLocation: " + server_.url("/c", "me:secret@127.0.0.1") + "\r\n", "");
  });
  server_.serve("/c", "text/plain", "here");
  ASSERT_EQ(failure_code(server_.url("/b", "me:secret@127.0.0.1")), "");
  const Request seen = server_.requests("/c").at(0);
  EXPECT_EQ(seen.headers.count("authorization"), 0u);
  EXPECT_EQ(seen.headers.count("cookie"), 0u);
  EXPECT_EQ(server_.requests("/b").at(0).headers.count("authorization"), 0u);
}

TEST_F(HttpClientTest, RefusesPrivateAddresses) {
  options_.refuse = HttpClientOptions{}.refuse;
  for (const char* host :
       {"127.0.0.1", "localhost", "0x7f000001", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"}) {
    const Result<HttpResponse> answer = fetch(server_.url("/a", host));
    ASSERT_FALSE(answer) << host;
    EXPECT_EQ(answer.failure().code, "refused_address") << host;
    EXPECT_THAT(answer.failure().message,
                AnyOf(HasSubstr("a loopback address"), HasSubstr("an unspecified address")));
  }
  EXPECT_EQ(failure_code("http://169.254.169.254/latest/meta-data/"), "refused_address");
  EXPECT_EQ(server_.connections(), 0);
}

TEST_F(HttpClientTest, RefusesToBeSentToPrivateAddresses) {
  test::FakeHttpServer inside;
  inside.serve("/secret", "text/plain", "secret");
  options_.refuse = [&](const sockaddr& address) {
    // The outer server stands for the public internet.
    const bool is_outer = ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port) == server_.port();
    return is_outer ? std::string_view() : special_address(address);
  };
  server_.serve("/fine", "text/plain", "x");
  EXPECT_EQ(failure_code(server_.url("/fine")), "");
  for (const std::string& target :
       {std::string("http://169.254.169.254/latest/"), std::string("http://[::ffff:169.254.169.254]/"),
        inside.url("/secret"), inside.url("/secret", "localhost"), inside.url("/secret", "0x7f.1")}) {
    server_.redirect("/out", target);
    const Result<HttpResponse> answer = fetch(server_.url("/out"));
    ASSERT_FALSE(answer) << target;
    EXPECT_EQ(answer.failure().code, "refused_address") << target;
  }
  EXPECT_EQ(inside.connections(), 0);
}

TEST_F(HttpClientTest, RetriesWhatPassesByItself) {
  for (const int status : {408, 425, 429, 500, 503}) {
    const std::string path = fmt::format("/{}", status);
    serve_after(path, {{status, ""}, {status, ""}});
    const Result<HttpResponse> answer = fetch(server_.url(path));
    ASSERT_TRUE(answer) << status;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(server_.count(path), 3);
  }
}

TEST_F(HttpClientTest, GivesTheLastAnswerWhenRetriesAreUsedUp) {
  serve_after("/a", {{503, ""}, {500, ""}, {502, ""}, {500, ""}});
  EXPECT_EQ(fetch(server_.url("/a"))->status, 502);
  EXPECT_EQ(server_.count("/a"), 3);
}

TEST_F(HttpClientTest, DoesNotRetryWhatStays) {
  for (const int status : {400, 401, 403, 404, 410, 451}) {
    const std::string path = fmt::format("/{}", status);
    serve_after(path, {{status, "Retry-After: 1\r\n"}});
    const Result<HttpResponse> answer = fetch(server_.url(path));
    EXPECT_EQ(answer->status, status);
    EXPECT_TRUE(answer->body.empty());
    EXPECT_EQ(server_.count(path), 1);
  }
}

TEST_F(HttpClientTest, RetriesBrokenConnections) {
  std::atomic<int> turn = 0;
  server_.route("/a", [&](Connection& connection, const Request&) {
    if (turn++ < 2) {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    } else {
      connection.respond(200, "", "whole");
    }
  });
  const Result<HttpResponse> answer = fetch(server_.url("/a"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(as_text(answer->body), "whole");
}

TEST_F(HttpClientTest, RetryAfterPausesTheWholeHostAndNoOther) {
  options_.limits = {1, 0ms};  // what comes second waits for the 503
  serve_after("/busy", {{503, "Retry-After: 0.7\r\n"}});
  server_.serve("/other", "text/plain", "x");
  std::mutex mutex;
  std::vector<std::string> order;
  const auto note = [&](const std::string& what) {
    return [&, what](Result<HttpResponse>) {
      const std::lock_guard lock(mutex);
      order.push_back(what);
    };
  };
  std::future<Result<HttpResponse>> busy = start(server_.url("/busy", "a.localhost"));
  client().submit(request(server_.url("/other", "a.localhost")), note("same host"));
  client().submit(request(server_.url("/other", "b.localhost")), note("other host"));
  EXPECT_EQ(busy.get()->status, 200);
  EXPECT_EQ(server_.count("/busy"), 2);
  client_.reset();
  ASSERT_FALSE(order.empty());
  EXPECT_EQ(order.front(), "other host");
}

TEST_F(HttpClientTest, KeepsToTheLimitsOfAHost) {
  options_.limits = {2, 0ms};
  std::vector<std::future<Result<HttpResponse>>> answers;
  server_.route("/a", [](Connection& connection, const Request&) {
    connection.sleep(20ms);
    connection.respond(200, "", "x");
  });
  for (int i = 0; i < 12; ++i) answers.push_back(start(server_.url("/a")));
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
  EXPECT_EQ(server_.most_at_once(), 2);
}

TEST_F(HttpClientTest, LeavesTheIntervalBetweenRequestsOfAHost) {
  options_.limits = {2, 100ms};
  server_.serve("/a", "text/plain", "x");
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::future<Result<HttpResponse>>> answers;
  for (int i = 0; i < 6; ++i) answers.push_back(start(server_.url("/a")));
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 500ms);
}

TEST_F(HttpClientTest, ARedirectKeepsToTheLimitsOfItsTarget) {
  options_.limits = {1, 0ms};
  for (int i = 0; i < 4; ++i)
    server_.redirect(fmt::format("/{}", i), server_.url("/target", "target.localhost"));
  const auto at_once = std::make_shared<std::atomic<int>>(0);
  const auto most = std::make_shared<std::atomic<int>>(0);
  server_.route("/target", [at_once, most](Connection& connection, const Request&) {
    if (const int now = ++*at_once; now > *most) *most = now;
    connection.sleep(20ms);
    --*at_once;
    connection.respond(200, "", "x");
  });
  std::vector<std::future<Result<HttpResponse>>> answers;
  for (int i = 0; i < 4; ++i)
    answers.push_back(start(server_.url(fmt::format("/{}", i), fmt::format("h{}.localhost", i))));
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
  EXPECT_EQ(server_.count("/target"), 4);
  EXPECT_EQ(*most, 1);
}

TEST_F(HttpClientTest, SlowHostsDoNotStopFastOnes) {
  constexpr int kSlow = 300;
  options_.limits = {1, 0ms};
  options_.max_connections = kSlow + 8;
  std::atomic<bool> release = false;
  server_.route("/slow", [&](Connection& connection, const Request&) {
    while (!release && connection.sleep(20ms)) {
    }
    connection.respond(200, "", "x");
  });
  server_.serve("/fast", "text/plain", "x");
  std::vector<std::future<Result<HttpResponse>>> slow;
  for (int i = 0; i < kSlow; ++i) {
    for (int j = 0; j < 10; ++j) slow.push_back(start(server_.url("/slow", fmt::format("s{}.localhost", i))));
  }
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(fetch(server_.url("/fast", fmt::format("f{}.localhost", i % 5))));
  EXPECT_LE(server_.count("/slow"), kSlow);  // all of them still at their first request
  release = true;
  for (auto& answer : slow) EXPECT_TRUE(answer.get());
}

TEST_F(HttpClientTest, SlowHostsGiveUpTheirPlaces) {
  constexpr int kSlow = 40;
  options_.limits = {1, 0ms};
  options_.max_connections = 8;
  std::atomic<bool> release = false;
  server_.route("/slow", [&](Connection& connection, const Request&) {
    while (!release && connection.sleep(20ms)) {
    }
    connection.respond(200, "", "x");
  });
  server_.serve("/fast", "text/plain", "x");
  std::vector<std::future<Result<HttpResponse>>> slow;
  for (int i = 0; i < kSlow; ++i)
    slow.push_back(start(server_.url("/slow", fmt::format("s{}.localhost", i))));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(fetch(server_.url("/fast", fmt::format("f{}.localhost", i % 5))));
  EXPECT_EQ(server_.count("/slow"), kSlow);
  release = true;
  for (auto& answer : slow) EXPECT_TRUE(answer.get());
}

TEST_F(HttpClientTest, NeverOpensMoreSocketsThanItMay) {
  options_.max_connections = 2;
  options_.max_sockets = 5;
  std::atomic<bool> release = false;
  server_.route("/slow", [&](Connection& connection, const Request&) {
    while (!release && connection.sleep(20ms)) {
    }
    connection.respond(200, "", "x");
  });
  std::vector<std::future<Result<HttpResponse>>> slow;
  for (int i = 0; i < 12; ++i) slow.push_back(start(server_.url("/slow", fmt::format("s{}.localhost", i))));
  for (int i = 0; i < 1000 && server_.count("/slow") < 5; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(server_.count("/slow"), 5);
  release = true;
  for (auto& answer : slow) EXPECT_TRUE(answer.get());
  EXPECT_LE(server_.most_at_once(), 5);
}

TEST_F(HttpClientTest, StartsNothingWhileBodiesPileUp) {
  constexpr int kRequests = 20;
  options_.max_buffered_bytes = 250'000;
  server_.serve("/a", "text/plain", std::string(100'000, 'x'));
  std::mutex mutex;
  std::vector<HttpResponse> kept;
  std::atomic<int> arrived = 0;
  const auto arrives = [&](int count) {
    for (int i = 0; i < 100 && arrived < count; ++i) std::this_thread::sleep_for(5ms);
    return arrived >= count;
  };
  int stuck_at = 0;
  for (int i = 0; i < kRequests; ++i) {
    client().submit(request(server_.url("/a", fmt::format("h{}.localhost", i))),
                    [&](Result<HttpResponse> answer) {
                      const std::lock_guard lock(mutex);
                      if (answer) kept.push_back(std::move(*answer));
                      ++arrived;
                    });
    if (stuck_at == 0 && !arrives(i + 1)) stuck_at = i;
  }
  EXPECT_GT(stuck_at, 0);
  EXPECT_LE(stuck_at, 3);  // with 300,000 bytes held
  for (int round = 0; round < 100 && arrived < kRequests; ++round) {
    const int before = arrived;
    {
      const std::lock_guard lock(mutex);
      kept.clear();
    }
    arrives(before + 1);
  }
  EXPECT_EQ(arrived, kRequests);
  client_.reset();  // before what its handlers write to
}

TEST_F(HttpClientTest, HoldsToTheNumberOfConnections) {
  options_.max_connections = 3;
  server_.route("/a", [](Connection& connection, const Request&) {
    connection.sleep(10ms);
    connection.respond(200, "", "x");
  });
  std::vector<std::future<Result<HttpResponse>>> answers;
  for (int i = 0; i < 12; ++i) answers.push_back(start(server_.url("/a", fmt::format("h{}.localhost", i))));
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
  EXPECT_LE(server_.most_at_once(), 3);
}

TEST_F(HttpClientTest, TakesRequestsFromManyThreads) {
  server_.serve("/a", "text/plain", "x");
  std::atomic<int> good = 0;
  client();
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i)
          client().submit(request(server_.url("/a")), [&](Result<HttpResponse> r) { good += r ? 1 : 0; });
      });
    }
  }
  while (good < 200) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(server_.count("/a"), 200);
}

TEST_F(HttpClientTest, StopAnswersEverythingAtOnce) {
  options_.limits = {1, 1h};
  server_.route("/hang", [](Connection& connection, const Request&) { connection.sleep(1h); });
  std::vector<std::future<Result<HttpResponse>>> answers;
  for (int i = 0; i < 50; ++i)
    answers.push_back(start(server_.url("/hang", fmt::format("h{}.localhost", i % 10))));
  while (server_.count("/hang") < 10) std::this_thread::sleep_for(1ms);
  client().stop();
  for (auto& answer : answers) EXPECT_EQ(answer.get().failure().code, "cancelled");
  EXPECT_EQ(failure_code(server_.url("/hang")), "cancelled");
}

TEST_F(HttpClientTest, ABodyMayOutliveTheClient) {
  server_.serve("/a", "text/plain", "here");
  const Result<HttpResponse> answer = fetch(server_.url("/a"));
  client_.reset();
  EXPECT_EQ(as_text(answer->body), "here");
}

}  // namespace
}  // namespace winnow::net
