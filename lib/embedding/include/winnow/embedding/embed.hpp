#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "winnow/core/context.hpp"
#include "winnow/dataset/loader.hpp"
#include "winnow/image/preprocess.hpp"
#include "winnow/model/architecture.hpp"
#include "winnow/model/safetensors.hpp"
#include "winnow/stats/matrix.hpp"

namespace winnow::embedding {

struct EmbedOptions {
  std::filesystem::path cache = {};  // the folder to keep embeddings in; empty: none
  dataset::FingerprintOptions reading = {};
  bool fingerprints = false;  // also give the fingerprints of the pictures, without reading them again
};

struct Embeddings {
  stats::Matrix values;           // [kept, width], each value as the cache would give it back
  std::vector<std::size_t> kept;  // which samples, in rising order
  std::vector<dataset::Fingerprint> fingerprints;  // [kept], if asked for
  std::vector<dataset::LoadFailure> failures;      // the other samples, in rising order
  std::size_t computed = 0;                        // how many were not in the cache
};

// One forward pass over every picture of a data set that the cache does not know; pictures are decoded while
// the network works. tensors: those of the architecture, up to its embedding. A cache that cannot be used is
// worth a warning and no more. The result does not depend on what was cached. Throws Error{kCancelled}, with
// what has been computed so far in the cache.
[[nodiscard]] Embeddings embed(const model::Architecture& architecture, const model::TensorMap& tensors,
                               const image::Preprocessing& preprocessing, const dataset::Dataset& dataset,
                               const EmbedOptions& options, const Context& context);

// The hidden folder in which embeddings are kept unless another is named: below a folder of pictures, or
// beside the one file that holds them.
[[nodiscard]] inline std::filesystem::path default_cache(const std::filesystem::path& pictures) {
  std::error_code error;
  const bool is_file = std::filesystem::is_regular_file(pictures, error);
  return (is_file ? pictures.parent_path() : pictures) / ".winnow";
}

}  // namespace winnow::embedding
