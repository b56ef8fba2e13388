// Which failures pass by themselves, and how long to wait for it. All functions are thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "winnow/core/error.hpp"

namespace winnow::net {

struct RetryOptions {
  unsigned retries = 2;                         // after the first attempt
  std::chrono::milliseconds first_delay{1000};  // doubles with each further retry
  std::chrono::milliseconds min_pause{1000};    // what a Retry-After is clamped to
  std::chrono::milliseconds max_pause{std::chrono::hours(1)};
  std::uint64_t seed = 0;  // of the jitter
};

// 408, 425, 429 and 5xx. Everything else stays as it is however often one asks.
[[nodiscard]] bool is_transient_status(int status);

// Trouble on the way to the server, as against what it or its address is: "dns", "connect", "timeout",
// "network".
[[nodiscard]] bool is_transient_failure(const Failure& failure);

// The wait before retry number `retry` (from 1): doubling, and spread by the upper half at random so that
// what failed together does not come back together. `what` names the request; equal arguments, equal waits.
[[nodiscard]] std::chrono::milliseconds retry_delay(const RetryOptions& options, std::string_view what,
                                                    unsigned retry);

// A Retry-After header: seconds, also with decimals as some servers send them, or an HTTP date (RFC 9110
// section 10.2.3), clamped to [min_pause, max_pause]. Nothing if it is neither.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_after(
    const RetryOptions& options, std::string_view value, std::chrono::system_clock::time_point now);

}  // namespace winnow::net
