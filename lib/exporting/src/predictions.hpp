#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "winnow/core/bytes.hpp"
#include "winnow/core/context.hpp"
#include "winnow/stats/matrix.hpp"

namespace winnow::exporting {

// What a model file says of some pictures, in full precision.
struct Predictions {
  stats::Matrix logits;           // [n, classes]
  stats::Matrix probabilities;    // [n, classes]
  std::vector<float> similarity;  // [n]; NaN without reference pictures
  std::vector<int> answers;       // [n]
};
// pixels: [n, size, size, 3], n > 0.
[[nodiscard]] Predictions predict(ByteSpan onnx, std::span<const std::uint8_t> pixels,
                                  const Context& context);

// The largest difference of any value; NaN if there is one anywhere.
[[nodiscard]] double largest_difference(const stats::Matrix& a, const stats::Matrix& b);
[[nodiscard]] std::size_t count_equal(const std::vector<int>& a, const std::vector<int>& b);

}  // namespace winnow::exporting
