#include "connection_limit.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace winnow::net {

unsigned affordable_connections(unsigned wanted) {
  constexpr rlim_t kEach = 4;
  constexpr rlim_t kOthers = 256;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  const rlim_t needed = wanted * kEach + kOthers;
  if (limit.rlim_cur < needed && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = std::min(needed, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur >= needed) return wanted;
  const rlim_t left = limit.rlim_cur > kOthers ? (limit.rlim_cur - kOthers) / kEach : 1;
  return static_cast<unsigned>(std::max<rlim_t>(left, 1));
}

}  // namespace winnow::net
