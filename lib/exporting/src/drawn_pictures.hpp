// Pictures that a formula gives. A model file should not carry photos of those it was trained on: who may
// have the model is not always who may see them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "winnow/core/bytes.hpp"

namespace winnow::exporting {

struct DrawnPicture {
  std::string name;
  std::string shows;  // which mistake in preprocessing it finds
  Bytes file;         // encoded
};

// Three, of some kilobytes each.
[[nodiscard]] std::vector<DrawnPicture> draw_reference_pictures();

// Smooth waves with some noise: they reach every part of a network. [count, side, side, 3].
[[nodiscard]] std::vector<std::uint8_t> draw_waves(int count, int side);

}  // namespace winnow::exporting
