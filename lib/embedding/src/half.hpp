#pragma once

#include <cstdint>

namespace winnow::embedding {

// IEEE 754 binary16, rounded to the nearest, ties to even. What is too large becomes the largest finite
// value: an embedding that is out of range should stay usable.
[[nodiscard]] std::uint16_t to_half(float value);
[[nodiscard]] float from_half(std::uint16_t half);

}  // namespace winnow::embedding
