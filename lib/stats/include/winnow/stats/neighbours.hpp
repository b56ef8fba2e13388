// Nearest neighbours on unit vectors: when is a picture unlike everything seen in training?
// Sun et al. 2022, "Out-of-Distribution Detection with Deep Nearest Neighbors", arXiv:2204.06507.
#pragma once

#include <span>
#include <stop_token>
#include <vector>

#include "winnow/stats/matrix.hpp"

namespace winnow::stats {

// A picture is "none of these" when it is less like the training pictures than this share of real ones is.
inline constexpr double kRejectedShare = 0.05;

// Scales each row to length 1; a row of zeros stays.
void normalise_rows(Matrix& matrix);

// The cosine of each query to its k-th nearest reference; rows of both are unit vectors. A reference whose
// group equals the query's does not count, so that a picture or its copy does not vouch for itself.
// Returns -1 where fewer than k references remain. query_groups: [queries], reference_groups: [references].
[[nodiscard]] std::vector<float> kth_similarity(const Matrix& queries, std::span<const int> query_groups,
                                                const Matrix& references,
                                                std::span<const int> reference_groups, int k,
                                                unsigned threads, const std::stop_token& stop);

// The value that a fraction of the samples lies below, interpolated. Empty gives 0.
[[nodiscard]] float quantile(std::vector<float> samples, double fraction);

}  // namespace winnow::stats
