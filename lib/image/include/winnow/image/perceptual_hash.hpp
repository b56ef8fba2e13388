// pHash-64: grey, 32 x 32, two-dimensional DCT-II, the lowest 8 x 8 coefficients against their median.
// Near duplicates (recompressed, resized, brightened) differ in few bits; measured thresholds are in
// docs/architecture.md.
#pragma once

#include <bit>
#include <cstdint>

#include "winnow/image/image.hpp"

namespace winnow::image {

struct PerceptualHash {
  std::uint64_t upright = 0;
  std::uint64_t mirrored = 0;  // of the picture flipped left to right
};

// Thread-safe. image must not be empty.
[[nodiscard]] PerceptualHash perceptual_hash(const Image& image);

// Differing bits of the two pictures, or of one and the other's mirror image, whichever is fewer: 0 to 64.
[[nodiscard]] inline int distance(const PerceptualHash& a, const PerceptualHash& b) {
  const int upright = std::popcount(a.upright ^ b.upright);
  const int mirrored = std::popcount(a.upright ^ b.mirrored);
  return upright < mirrored ? upright : mirrored;
}

}  // namespace winnow::image
