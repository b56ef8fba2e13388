#include "rate_headers.hpp"

#include <gtest/gtest.h>

#include "provider_fixture.hpp"

namespace winnow::scraping {
namespace {

using namespace std::chrono_literals;
using Headers = std::vector<net::HttpResponse::Header>;

std::optional<std::chrono::seconds> pause(Headers headers) {
  return pause_for_rate_limit(answer_of("{}", std::move(headers)),
                              std::chrono::system_clock::from_time_t(1'700'000'000));
}

TEST(RateHeaders, NoneOrSomeLeftIsNoPause) {
  EXPECT_EQ(pause({}), std::nullopt);
  EXPECT_EQ(pause({{"x-ratelimit-remaining", "1"}}), std::nullopt);
  EXPECT_EQ(pause({{"x-ratelimit-available-anon_sustained", "57"}, {"x-ratelimit-limit-anon_burst", "0"}}),
            std::nullopt);
}

TEST(RateHeaders, NoneLeftIsAPause) {
  EXPECT_EQ(pause({{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "42"}}), 42s);
  EXPECT_EQ(pause({{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1700000090"}}), 90s);
  EXPECT_EQ(pause({{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1600000000"}}), 0s);
  EXPECT_EQ(pause({{"x-ratelimit-remaining", "0"}}), 1h);
  EXPECT_EQ(pause({{"x-ratelimit-available-anon_burst", "0"}}), 60s);
  EXPECT_EQ(pause({{"x-ratelimit-available-anon_burst", "0"}, {"x-ratelimit-available-anon_sustained", "0"}}),
            1h);
}

TEST(RateHeaders, MakesNothingOfNonsense) {
  EXPECT_EQ(pause({{"x-ratelimit-remaining", ""}}), std::nullopt);
  EXPECT_EQ(pause({{"x-ratelimit-remaining", "none"}}), std::nullopt);
  EXPECT_EQ(pause({{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "soon"}}), 1h);
  EXPECT_EQ(pause({{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "-5"}}), 1h);
  EXPECT_LE(pause({{"x-ratelimit-remaining", "-1"}, {"x-ratelimit-reset", "9223372036854775807"}}), 3000h);
}

}  // namespace
}  // namespace winnow::scraping
