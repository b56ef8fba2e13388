#include "host_breaker.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "client_fixture.hpp"

namespace winnow::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Time = HostBreaker::Time;

constexpr Time kStart{};

TEST(HostBreaker, LeavesAHostOutAfterFailuresInARow) {
  HostBreaker breaker({.failures = 3, .rest = 60s});
  EXPECT_FALSE(breaker.failed("a", "no answer", kStart));
  EXPECT_FALSE(breaker.failed("a", "no answer", kStart));
  EXPECT_EQ(breaker.why_not("a", kStart), nullptr);
  EXPECT_TRUE(breaker.failed("a", "not complete after 60 s", kStart));
  ASSERT_NE(breaker.why_not("a", kStart), nullptr);
  EXPECT_EQ(breaker.why_not("a", kStart)->code, "host_down");
  EXPECT_EQ(breaker.why_not("a", kStart)->message,
            "is left out, as a failed 3 times in a row (last: not complete after 60 s)");
  EXPECT_EQ(breaker.why_not("b", kStart), nullptr);
}

TEST(HostBreaker, ASuccessForgetsTheFailures) {
  HostBreaker breaker({.failures = 2, .rest = 60s});
  EXPECT_FALSE(breaker.failed("a", "", kStart));
  breaker.succeeded("a");
  EXPECT_FALSE(breaker.failed("a", "", kStart));
  EXPECT_TRUE(breaker.failed("a", "", kStart));
  breaker.succeeded("a");
  EXPECT_EQ(breaker.why_not("a", kStart), nullptr);
}

TEST(HostBreaker, LetsOneTryAgainAfterARest) {
  HostBreaker breaker({.failures = 1, .rest = 60s});
  EXPECT_TRUE(breaker.failed("a", "", kStart));
  EXPECT_NE(breaker.why_not("a", kStart + 59s), nullptr);
  EXPECT_EQ(breaker.why_not("a", kStart + 60s), nullptr);
  EXPECT_NE(breaker.why_not("a", kStart + 61s), nullptr);  // only one
  EXPECT_TRUE(breaker.failed("a", "", kStart + 70s));
  EXPECT_NE(breaker.why_not("a", kStart + 129s), nullptr);
}

TEST(HostBreaker, CanBeOff) {
  HostBreaker breaker({.failures = 0});
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(breaker.failed("a", "", kStart));
  EXPECT_EQ(breaker.why_not("a", kStart), nullptr);
}

class BrokenHostTest : public ClientFixture {
 protected:
  BrokenHostTest() {
    options_.limits = {1, 0ms};
    options_.retry.retries = 1;
    options_.breaker = {.failures = 3, .rest = 1h};
  }
  void fail_with(int status) {
    server_.route("/a",
                  [status](Connection& connection, const Request&) { connection.respond(status, "", ""); });
  }
  std::vector<std::string> fetch_many(int count, const std::string& host) {
    std::vector<std::future<Result<HttpResponse>>> answers;
    for (int i = 0; i < count; ++i) answers.push_back(start(server_.url("/a", host)));
    std::vector<std::string> outcomes;
    for (auto& answer : answers) {
      const Result<HttpResponse> result = answer.get();
      outcomes.push_back(result ? std::to_string(result->status) : result.failure().code);
    }
    return outcomes;
  }
};

TEST_F(BrokenHostTest, IsNotAskedForWhatWaits) {
  fail_with(500);
  const std::vector<std::string> outcomes = fetch_many(20, "a.localhost");
  EXPECT_EQ(std::count(outcomes.begin(), outcomes.end(), "500"), 1);  // the one that was the last straw
  EXPECT_EQ(std::count(outcomes.begin(), outcomes.end(), "host_down"), 19);
  EXPECT_EQ(fetch_many(2, "a.localhost"), std::vector<std::string>(2, "host_down"));
  EXPECT_EQ(server_.count("/a"), 3);
}

TEST_F(BrokenHostTest, OthersAreNotConcerned) {
  fail_with(503);
  fetch_many(5, "a.localhost");
  server_.serve("/b", "text/plain", "x");
  EXPECT_EQ(failure_code(server_.url("/b", "b.localhost")), "");
}

TEST_F(BrokenHostTest, WhatIsNotThereIsNoFailureOfTheHost) {
  fail_with(404);
  EXPECT_EQ(fetch_many(20, "a.localhost"), std::vector<std::string>(20, "404"));
}

}  // namespace
}  // namespace winnow::net
