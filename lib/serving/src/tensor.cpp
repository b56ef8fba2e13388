#include "tensor.hpp"

namespace winnow::serving {

bool flatten_pixels(const Json& array, std::span<const std::size_t> shape, Bytes& pixels) {
  if (shape.empty()) {
    // Whatever writes numbers without types writes 7.0 too.
    if (!array.is_number()) return false;
    const auto value = array.get<double>();
    if (!(value >= 0 && value <= 255) || value != static_cast<double>(static_cast<int>(value))) return false;
    pixels.push_back(static_cast<std::uint8_t>(value));
    return true;
  }
  if (!array.is_array() || array.size() != shape.front()) return false;
  for (const Json& part : array) {
    if (!flatten_pixels(part, shape.subspan(1), pixels)) return false;
  }
  return true;
}

}  // namespace winnow::serving
