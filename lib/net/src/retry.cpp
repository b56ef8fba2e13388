#include "winnow/net/retry.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <string>

#include "winnow/core/random.hpp"
#include "winnow/core/text.hpp"

namespace winnow::net {

using std::chrono::milliseconds;

bool is_transient_status(int status) {
  return status == 408 || status == 425 || status == 429 || (status >= 500 && status <= 599);
}

bool is_transient_failure(const Failure& failure) {
  return failure.code == "dns" || failure.code == "connect" || failure.code == "timeout" ||
         failure.code == "network";
}

milliseconds retry_delay(const RetryOptions& options, std::string_view what, unsigned retry) {
  const double doubled = static_cast<double>(options.first_delay.count()) * (1u << std::min(retry - 1, 16u));
  CounterRandom random(options.seed, std::hash<std::string_view>{}(what), retry);
  return milliseconds(static_cast<std::int64_t>(doubled * random.uniform(0.5, 1)));
}

std::optional<milliseconds> parse_retry_after(const RetryOptions& options, std::string_view value,
                                              std::chrono::system_clock::time_point now) {
  value = trim(value);
  const auto clamped = [&](double seconds) {
    const auto low = static_cast<double>(options.min_pause.count());
    const auto high = static_cast<double>(options.max_pause.count());
    return milliseconds(static_cast<std::int64_t>(std::clamp(seconds * 1000, low, high)));
  };
  // Words such as "inf" are numbers to from_chars.
  if (value.empty() || value.front() == 'i' || value.front() == 'n') return std::nullopt;
  double seconds = 0;
  const auto [end, error] =
      std::from_chars(value.data(), value.data() + value.size(), seconds, std::chars_format::fixed);
  if (end == value.data() + value.size()) {
    if (error == std::errc::result_out_of_range) return options.max_pause;
    if (error == std::errc() && seconds >= 0) return clamped(seconds);
    return std::nullopt;
  }
  const time_t date = curl_getdate(std::string(value).c_str(), nullptr);
  if (date < 0) return std::nullopt;
  return clamped(std::chrono::duration<double>(std::chrono::system_clock::from_time_t(date) - now).count());
}

}  // namespace winnow::net
