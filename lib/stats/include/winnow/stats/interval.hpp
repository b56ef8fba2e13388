#pragma once

#include <cstddef>

namespace winnow::stats {

struct Interval {
  double low;
  double high;
};

// The Wilson score interval of a proportion, at 95 %: what an accuracy measured on `total` pictures can mean.
// correct <= total; total 0 gives [0, 1]. Wilson 1927, JASA 22.
[[nodiscard]] Interval wilson_interval(std::size_t correct, std::size_t total);

}  // namespace winnow::stats
