// The resizing behind preprocessing. Separable, and each axis by itself: area averaging where it shrinks,
// cubic where it grows (Keys 1981, a = -0.75 as in OpenCV).
#pragma once

#include <cstddef>
#include <cstdint>

#include "winnow/image/image.hpp"

namespace winnow::image {

// REQUIRES: the region lies within the image.
[[nodiscard]] inline PixelView crop(const Image& image, int left, int top, int width, int height) {
  return {image.row(top) + std::size_t{3} * static_cast<std::size_t>(left), width, height, image.row_bytes()};
}

// target: [height, width, 3] without padding. Sides > 0. The same bits on every call; may throw
// std::bad_alloc.
void resample(const PixelView& source, std::uint8_t* target, int width, int height);

}  // namespace winnow::image
