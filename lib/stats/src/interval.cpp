#include "winnow/stats/interval.hpp"

#include <algorithm>
#include <cmath>

namespace winnow::stats {

Interval wilson_interval(std::size_t correct, std::size_t total) {
  if (total == 0) return {0, 1};
  constexpr double kZ = 1.959963984540054;
  const double n = static_cast<double>(total);
  const double p = static_cast<double>(correct) / n;
  const double spread = 1 + kZ * kZ / n;
  const double centre = (p + kZ * kZ / (2 * n)) / spread;
  const double half = kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n)) / spread;
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

}  // namespace winnow::stats
