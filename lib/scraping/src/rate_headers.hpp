#pragma once

#include <chrono>
#include <optional>

#include "winnow/net/http_message.hpp"

namespace winnow::scraping {

// How long to leave a provider alone because its answer says that no request is left: a "-remaining" or
// "-available" header of 0. What the headers do not say is taken to be an hour. Nothing if there are some
// left, or the answer says nothing of it. Thread-safe.
[[nodiscard]] std::optional<std::chrono::seconds> pause_for_rate_limit(
    const net::HttpResponse& answer, std::chrono::system_clock::time_point now);

}  // namespace winnow::scraping
