#include "half.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace winnow::embedding {
namespace {

constexpr float kLargest = 65504;
constexpr float kSmallestNormal = 6.103515625e-05F;        // 2^-14
constexpr float kSubnormalUnit = 5.9604644775390625e-08F;  // 2^-24

}  // namespace

std::uint16_t to_half(float value) {
  const auto sign = static_cast<std::uint16_t>(std::signbit(value) ? 0x8000 : 0);
  if (std::isnan(value)) return 0x7e00;
  const float size = std::min(std::abs(value), kLargest);
  if (size < kSmallestNormal) {
    return static_cast<std::uint16_t>(sign |
                                      static_cast<std::uint16_t>(std::nearbyint(size / kSubnormalUnit)));
  }
  const auto bits = std::bit_cast<std::uint32_t>(size);
  // 13 bits of the fraction go; adding half of what they can be, less one unless the last bit kept is odd,
  // rounds.
  const std::uint32_t rounded = bits + 0xfff + (bits >> 13 & 1);
  const std::uint32_t exponent_shift = (127 - 15) << 23;
  return static_cast<std::uint16_t>(sign | (rounded - exponent_shift) >> 13);
}

float from_half(std::uint16_t half) {
  const std::uint32_t exponent = half >> 10 & 0x1f;
  const std::uint32_t fraction = half & 0x3ff;
  const float sign = half & 0x8000 ? -1.0F : 1.0F;
  if (exponent == 0) return sign * static_cast<float>(fraction) * kSubnormalUnit;
  if (exponent == 0x1f) return fraction != 0 ? std::nanf("") : sign * INFINITY;
  return sign * std::bit_cast<float>((exponent + 127 - 15) << 23 | fraction << 13);
}

}  // namespace winnow::embedding
