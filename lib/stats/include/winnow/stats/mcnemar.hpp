#pragma once

#include <cstddef>

namespace winnow::stats {

// Whether two classifiers differ, from the pictures of which only one of them is right: the probability that
// these would be as unevenly shared, or more, if neither were better. Two-sided and exact; 1 if there are
// none. McNemar 1947, Psychometrika 12.
[[nodiscard]] double mcnemar_p(std::size_t only_first_right, std::size_t only_second_right);

}  // namespace winnow::stats
