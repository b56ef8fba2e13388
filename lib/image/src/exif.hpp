// The orientation tag: finding it, and turning pictures by it. EXIF 2.32, section 4.6.4; TIFF 6.0, section 2.
#pragma once

#include "winnow/core/bytes.hpp"
#include "winnow/image/image.hpp"

namespace winnow::image {

// block: a TIFF structure, with or without "Exif\0\0" before it. 1 (upright) if it says nothing valid.
[[nodiscard]] int exif_orientation(ByteSpan block);

// True for the orientations that exchange width and height.
[[nodiscard]] constexpr bool swaps_sides(int orientation) {
  return orientation >= 5;
}

// orientation: 1 to 8. May throw std::bad_alloc.
[[nodiscard]] Image turn_upright(Image image, int orientation);

}  // namespace winnow::image
