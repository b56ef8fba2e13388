// Every pair of unit vectors that point nearly the same way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>

#include "winnow/stats/matrix.hpp"

namespace winnow::stats {

struct SimilarPairOptions {
  float cosine = 0.9F;  // in (0, 1): the least cosine of a pair
  // From so many rows on, pairs are first compared by 512-bit sketches (signs of random projections;
  // Charikar 2002, "Similarity Estimation Techniques from Rounding Algorithms") with five standard deviations
  // to spare: a pair that just reaches the cosine is missed once in three million times, and less often the
  // more alike it is. Below, every pair is multiplied out.
  std::size_t sketch_from = 4096;
};

// Calls visit(i, j, cosine) with i < j for every pair of the given rows whose cosine is at least
// options.cosine; i and j are positions in `rows`. One call at a time, from several threads, in no fixed
// order. units: [n, width], rows of length 1 (a row of zeros is like nothing). Takes memory for the rows, not
// for the pairs. Throws Error{kCancelled}.
void for_each_similar_pair(const Matrix& units, std::span<const std::size_t> rows,
                           const SimilarPairOptions& options, unsigned threads, const std::stop_token& stop,
                           const std::function<void(std::size_t, std::size_t, float)>& visit);

}  // namespace winnow::stats
