#pragma once

#include <cstddef>
#include <span>

namespace winnow::stats {

// The inner product of two float vectors, for the widest vectors the processor has.
[[nodiscard]] float dot(const float* a, const float* b, std::size_t count);

// out[i * b.size() + j] = the inner product of a[i] and b[j], vectors of `width` floats: several times as
// fast as dot() for each, where all vectors fit into the cache of a core. A pair gives the same sum among any
// others.
void dot_all(std::span<const float* const> a, std::span<const float* const> b, std::size_t width, float* out);

// y += alpha x.
void add_scaled(float* y, float alpha, const float* x, std::size_t count);

}  // namespace winnow::stats
