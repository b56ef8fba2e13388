#pragma once

#include <limits>
#include <span>
#include <stop_token>
#include <vector>

#include "winnow/stats/matrix.hpp"

namespace winnow::stats {

// Some rows of a matrix, each with the number of its group.
struct GroupedRows {
  std::vector<const float*> rows;
  std::vector<int> groups;  // as many as rows
};

// Stands where a query has fewer neighbours than wanted.
inline constexpr float kNoNeighbour = -std::numeric_limits<float>::infinity();

// The `count` largest inner products of each query with references of another group, falling:
// [queries, count]. Throws Error{kCancelled}.
[[nodiscard]] Matrix find_nearest(const GroupedRows& queries, const GroupedRows& references,
                                  std::size_t width, std::size_t count, unsigned threads,
                                  const std::stop_token& stop);

}  // namespace winnow::stats
