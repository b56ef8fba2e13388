#pragma once

#include <filesystem>

#include "winnow/core/context.hpp"
#include "winnow/curation/curate.hpp"

namespace winnow::curation {

struct NetworkOptions {
  std::filesystem::path weights;  // of efficientnet_lite0
  std::filesystem::path cache;    // where embeddings are kept; empty: .winnow in the folder of images
  bool no_cache = false;
};

// What examines the pictures for curate(): the network that winnow-train uses too, with the same cache. The
// weights are read here. Throws Error{kNotFound | kInvalid} for weights that cannot be used.
[[nodiscard]] Examine make_examine(const NetworkOptions& options);

}  // namespace winnow::curation
