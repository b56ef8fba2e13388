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

// What sees the pictures for curate(): the network that winnow-train uses too, with the same cache. The
// weights are read here. The tree and the context must outlive what is returned. A picture that cannot be
// read any more gets a row of zeros. Throws Error{kNotFound | kInvalid} for weights that cannot be used.
[[nodiscard]] Embed make_embed(const dataset::Dataset& tree, const NetworkOptions& options,
                               const Context& context);

}  // namespace winnow::curation
