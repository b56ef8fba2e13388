#pragma once

#include <cstddef>

namespace winnow::stats {

// The inner product of two float vectors, for the widest vectors the processor has.
[[nodiscard]] float dot(const float* a, const float* b, std::size_t count);

// y += alpha x.
void add_scaled(float* y, float alpha, const float* x, std::size_t count);

}  // namespace winnow::stats
