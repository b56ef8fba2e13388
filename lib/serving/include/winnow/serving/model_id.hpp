#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace winnow::serving {

struct ModelId {
  std::string name = "model";  // letters, digits and -_.
  std::uint64_t version = 1;   // above 0; higher is newer

  friend auto operator<=>(const ModelId&, const ModelId&) = default;
};

}  // namespace winnow::serving
