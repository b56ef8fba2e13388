// Numbers as files hold them, whatever the machine.
#pragma once

#include <cstdint>

namespace winnow::image {

[[nodiscard]] inline std::uint32_t little16(const std::uint8_t* p) {
  return static_cast<std::uint32_t>(p[0]) | static_cast<std::uint32_t>(p[1]) << 8;
}
[[nodiscard]] inline std::uint32_t little32(const std::uint8_t* p) {
  return little16(p) | little16(p + 2) << 16;
}
[[nodiscard]] inline std::uint32_t big16(const std::uint8_t* p) {
  return static_cast<std::uint32_t>(p[0]) << 8 | static_cast<std::uint32_t>(p[1]);
}
[[nodiscard]] inline std::uint32_t big32(const std::uint8_t* p) {
  return big16(p) << 16 | big16(p + 2);
}

}  // namespace winnow::image
