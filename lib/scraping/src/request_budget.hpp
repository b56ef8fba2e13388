#pragma once

#include <chrono>
#include <deque>

#include "winnow/scraping/provider.hpp"

namespace winnow::scraping {

// Holds requests to a limit of so many in any stretch of time. Time is given from outside. Not thread-safe.
class RequestBudget {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit RequestBudget(RequestLimit limit) : limit_(limit) {}

  // When the next request may start; now or earlier if it may at once.
  [[nodiscard]] Time ready_at() const;
  // One has been started.
  void spend(Time now);

 private:
  const RequestLimit limit_;
  std::deque<Time> spent_;  // the latest limit_.requests of them
};

}  // namespace winnow::scraping
