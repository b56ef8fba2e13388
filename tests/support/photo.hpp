#pragma once

#include <cstdint>

#include "winnow/image/image.hpp"

namespace winnow::test {

// Soft blobs of colour on a slope with some grain: like a photograph, and unlike the repeating scenes of
// drawing.hpp, most of what it shows is coarse. Another seed, another picture; equal arguments, equal pixels.
[[nodiscard]] image::Image draw_photo(std::uint64_t seed, int width = 240, int height = 180);

// Left and right exchanged.
[[nodiscard]] image::Image mirrored(const image::Image& picture);

}  // namespace winnow::test
