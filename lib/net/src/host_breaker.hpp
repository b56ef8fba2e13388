#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "winnow/core/error.hpp"
#include "winnow/net/host_limiter.hpp"

namespace winnow::net {

// Remembers which hosts fail every time, so that thousands of requests to a dead one do not each wait for
// their timeouts. After `rest` one request may try again: its success forgets everything, its failure begins
// a new rest. Holds only hosts that failed last time. Not thread-safe.
class HostBreaker {
 public:
  using Time = HostLimiter::Time;

  explicit HostBreaker(BreakerOptions options) : options_(options) {}

  // Why nothing of this host is to be tried now, or nullptr.
  [[nodiscard]] const Failure* why_not(std::string_view host, Time now);
  // An attempt has failed, `how` is its message. True if the host is from now on left out.
  bool failed(std::string_view host, std::string_view how, Time now);
  void succeeded(std::string_view host);

 private:
  struct Host {
    unsigned failures = 0;  // in a row
    Time until{};           // left out up to then
    Failure why{};
  };
  const BreakerOptions options_;
  std::unordered_map<std::string, Host> hosts_;
};

}  // namespace winnow::net
