#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "winnow/core/context.hpp"
#include "winnow/dataset/dataset.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::exporting {

// Pictures as the network takes them.
struct Pictures {
  std::vector<std::uint8_t> pixels;  // [count, size, size, 3]
  std::vector<int> labels;           // [count]; indices into the data's classes
  std::size_t count = 0;
};

// At most `most` of the samples, evenly spread over them; those that cannot be read are left out.
// Throws Error{kCancelled}.
[[nodiscard]] Pictures load_pictures(const dataset::Dataset& data, std::span<const std::size_t> samples,
                                     const image::Preprocessing& preprocessing, std::size_t most,
                                     const Context& context);

}  // namespace winnow::exporting
