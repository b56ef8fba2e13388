#pragma once

#include <span>
#include <vector>

#include "winnow/core/bytes.hpp"
#include "winnow/core/json.hpp"

namespace winnow::serving {

// Appends the numbers of an array, nested as the shape says, as bytes. False if it has another shape or holds
// what is no whole number from 0 to 255; part may have been appended then.
[[nodiscard]] bool flatten_pixels(const Json& array, std::span<const std::size_t> shape, Bytes& pixels);
[[nodiscard]] inline bool flatten_pixels(const Json& array, std::initializer_list<std::size_t> shape,
                                         Bytes& pixels) {
  return flatten_pixels(array, std::span(shape.begin(), shape.size()), pixels);
}

}  // namespace winnow::serving
