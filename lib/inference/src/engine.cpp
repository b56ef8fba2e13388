#include "engine.hpp"

#include <fmt/format.h>

#include "winnow/core/error.hpp"

namespace winnow::inference {

std::size_t count_pictures(const Engine& engine, std::span<const std::uint8_t> pixels) {
  const std::size_t count = pixels.size() / engine.picture_bytes();
  if (count == 0 || count * engine.picture_bytes() != pixels.size()) {
    throw Error(ErrorKind::kInvalid, "",
                fmt::format("{0} bytes are not a whole number of {1} x {1} pictures", pixels.size(),
                            engine.picture_side()));
  }
  return count;
}

}  // namespace winnow::inference
