#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "winnow/core/bytes.hpp"
#include "winnow/image/preprocess.hpp"
#include "winnow/model/architecture.hpp"
#include "winnow/model/safetensors.hpp"

namespace winnow::embedding {

// A network with weights that others trained, mostly up to its embedding.
struct Backbone {
  model::Architecture architecture;  // without a head unless one was asked for
  model::TensorMap tensors;
  std::map<std::string, std::string> source{};  // what the weight file says of itself, and its name
};

// Reads weights for one of model's architectures, with the names that model::take_weights understands; size
// as in make_architecture; classes: with the head, which has to be one for so many. Throws
// Error{kUsage | kNotFound | kInvalid}: no such network, no such file, not safetensors, weights of another
// network, another head.
[[nodiscard]] Backbone read_backbone(const std::filesystem::path& weights, const std::string& architecture,
                                     int size = 0, int classes = 0);

// What pictures have to go through for this network; size 0 takes the one it was designed for.
[[nodiscard]] image::Preprocessing preprocessing_for(const model::Architecture& architecture, int size = 0);

}  // namespace winnow::embedding
