#include "rate_headers.hpp"

#include <algorithm>
#include <charconv>

#include "winnow/core/text.hpp"

namespace winnow::scraping {
namespace {

using std::chrono::seconds;

constexpr seconds kUnknown{3600};
constexpr seconds kBurst{60};  // a limit by the minute
// A larger number is a point in time, as Pexels sends it; Pixabay sends the seconds that are left.
constexpr std::int64_t kLongestSpan = 10'000'000;

std::optional<std::int64_t> parse_count(std::string_view text) {
  text = trim(text);
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return count;
}

seconds until_reset(const net::HttpResponse& answer, std::chrono::system_clock::time_point now) {
  const auto reset = parse_count(answer.header("x-ratelimit-reset"));
  if (!reset || *reset < 0) return kUnknown;
  if (*reset <= kLongestSpan) return seconds(*reset);
  const std::int64_t left = *reset - std::chrono::system_clock::to_time_t(now);
  return seconds(std::clamp<std::int64_t>(left, 0, kLongestSpan));
}

}  // namespace

std::optional<seconds> pause_for_rate_limit(const net::HttpResponse& answer,
                                            std::chrono::system_clock::time_point now) {
  std::optional<seconds> longest;
  for (const auto& [name, value] : answer.headers) {
    if (!name.starts_with("x-ratelimit-remaining") && !name.starts_with("x-ratelimit-available")) continue;
    const auto left = parse_count(value);
    if (!left || *left > 0) continue;
    const bool is_burst = name.find("burst") != std::string::npos;
    longest = std::max(longest.value_or(seconds(0)), is_burst ? kBurst : until_reset(answer, now));
  }
  return longest;
}

}  // namespace winnow::scraping
