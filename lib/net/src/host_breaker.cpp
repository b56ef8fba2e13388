#include "host_breaker.hpp"

#include <fmt/format.h>

namespace winnow::net {

const Failure* HostBreaker::why_not(std::string_view host, Time now) {
  const auto found = hosts_.find(std::string(host));
  if (found == hosts_.end() || found->second.failures < options_.failures || options_.failures == 0)
    return nullptr;
  if (now < found->second.until) return &found->second.why;
  found->second.until = now + options_.rest;  // for all but the one that may try now
  return nullptr;
}

bool HostBreaker::failed(std::string_view host, std::string_view how, Time now) {
  if (options_.failures == 0) return false;
  Host& state = hosts_[std::string(host)];
  if (++state.failures < options_.failures) return false;
  state.until = now + options_.rest;
  state.why = {"host_down", fmt::format("is left out, as {} failed {} times in a row (last: {})", host,
                                        state.failures, how)};
  return true;
}

void HostBreaker::succeeded(std::string_view host) {
  if (!hosts_.empty()) hosts_.erase(std::string(host));
}

}  // namespace winnow::net
