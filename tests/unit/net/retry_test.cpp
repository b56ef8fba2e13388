#include "winnow/net/retry.hpp"

#include <gtest/gtest.h>

#include <set>

namespace winnow::net {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

TEST(Retry, KnowsWhatPasses) {
  for (const int status : {408, 425, 429, 500, 502, 503, 504, 599})
    EXPECT_TRUE(is_transient_status(status)) << status;
  for (const int status : {200, 204, 301, 304, 400, 401, 403, 404, 410, 416, 451}) {
    EXPECT_FALSE(is_transient_status(status)) << status;
  }
  for (const char* code : {"dns", "connect", "timeout", "network"}) {
    EXPECT_TRUE(is_transient_failure({code, ""})) << code;
  }
  for (const char* code : {"tls", "refused_address", "bad_url", "refused_scheme", "too_many_redirects",
                           "too_large", "bad_response", "cancelled"}) {
    EXPECT_FALSE(is_transient_failure({code, ""})) << code;
  }
}

TEST(Retry, DelayDoublesAndSpreads) {
  const RetryOptions options;
  std::set<milliseconds> seen;
  for (unsigned retry = 1; retry <= 5; ++retry) {
    for (const char* url : {"http://a/", "http://b/", "http://c/"}) {
      const milliseconds delay = retry_delay(options, url, retry);
      EXPECT_GE(delay, 500ms * (1 << (retry - 1)));
      EXPECT_LE(delay, 1000ms * (1 << (retry - 1)));
      EXPECT_EQ(delay, retry_delay(options, url, retry));
      seen.insert(delay);
    }
  }
  EXPECT_GT(seen.size(), 10u);
  EXPECT_GT(retry_delay(options, "http://a/", 1'000'000), 0ms);
}

class RetryAfter : public testing::Test {
 protected:
  std::optional<milliseconds> parse(std::string_view value) const {
    return parse_retry_after(options_, value, now_);
  }

  RetryOptions options_;
  const std::chrono::system_clock::time_point now_ = std::chrono::system_clock::from_time_t(784111777);
};

TEST_F(RetryAfter, ReadsSeconds) {
  EXPECT_EQ(parse("120"), 120s);
  EXPECT_EQ(parse("  7 "), 7s);
  EXPECT_EQ(parse("2.5"), 2500ms);
}

TEST_F(RetryAfter, ReadsDates) {
  EXPECT_EQ(parse("Sun, 06 Nov 1994 08:50:37 GMT"), 60s);  // now is 08:49:37
  EXPECT_EQ(parse("Sunday, 06-Nov-94 08:50:37 GMT"), 60s);
  EXPECT_EQ(parse("Sun Nov  6 08:50:37 1994"), 60s);
}

TEST_F(RetryAfter, Clamps) {
  EXPECT_EQ(parse("0"), 1s);
  EXPECT_EQ(parse("0.5"), 1s);
  EXPECT_EQ(parse("86400"), 1h);
  EXPECT_EQ(parse("99999999999999999999999999"), 1h);
  EXPECT_EQ(parse("Sun, 06 Nov 1994 08:00:00 GMT"), 1s);  // has passed
  EXPECT_EQ(parse("Sun, 06 Nov 2094 08:00:00 GMT"), 1h);
}

TEST_F(RetryAfter, PassesOverWhatIsNeither) {
  for (const char* value : {"", " ", "soon", "-5", "1e3", "nan", "inf", "12 parsecs", "0x10", "5,5"}) {
    EXPECT_EQ(parse(value), std::nullopt) << value;
  }
}

}  // namespace
}  // namespace winnow::net
