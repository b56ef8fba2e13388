#include "winnow/stats/mcnemar.hpp"

#include <algorithm>
#include <cmath>

namespace winnow::stats {

double mcnemar_p(std::size_t only_first_right, std::size_t only_second_right) {
  const std::size_t total = only_first_right + only_second_right;
  const std::size_t fewer = std::min(only_first_right, only_second_right);
  const auto log_factorial = [](std::size_t n) { return std::lgamma(static_cast<double>(n) + 1); };
  double tail = 0;  // of the binomial distribution of `total` fair coins
  for (std::size_t k = 0; k <= fewer; ++k) {
    tail += std::exp(log_factorial(total) - log_factorial(k) - log_factorial(total - k) -
                     static_cast<double>(total) * std::log(2.0));
  }
  return std::min(1.0, 2 * tail);
}

}  // namespace winnow::stats
