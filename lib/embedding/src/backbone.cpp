#include "winnow/embedding/backbone.hpp"

#include <fmt/format.h>

#include "winnow/core/error.hpp"
#include "winnow/model/weights.hpp"

namespace winnow::embedding {

namespace {

// How to come by weights of a network.
std::string advice(const std::string& architecture) {
  const std::string own =
      "name a safetensors file with --weights (scripts/convert_weights.py makes one of a .pth)";
  if (architecture == "efficientnet_lite0") return "run scripts/setup.sh, install winnow-training, or " + own;
  if (architecture.starts_with("efficientnet_lite"))
    return "run scripts/setup.sh --weights and make, or " + own;
  return own;
}

}  // namespace

Backbone read_backbone(const std::filesystem::path& weights, const std::string& architecture, int size,
                       int classes) {
  Backbone backbone{.architecture = model::make_architecture(architecture, classes, size), .tensors = {}};
  std::error_code ignored;
  if (!std::filesystem::exists(weights, ignored)) {
    throw Error(ErrorKind::kNotFound, weights.string(), "no such weights; " + advice(architecture));
  }
  model::Safetensors file = model::read_safetensors(weights);
  backbone.source = file.metadata;
  backbone.source["file"] = weights.filename().string();
  try {
    backbone.tensors = model::take_weights(backbone.architecture, std::move(file.tensors));
    if (classes > 0 && !backbone.tensors.contains(backbone.architecture.head + ".weight")) {
      throw Error(ErrorKind::kInvalid, "",
                  fmt::format("has no head for {} classes; name weights as they were trained", classes));
    }
  } catch (const Error& error) {
    throw Error(error.kind(), weights.string(), error.what());
  }
  return backbone;
}

image::Preprocessing preprocessing_for(const model::Architecture& architecture, int size) {
  image::Preprocessing preprocessing;
  preprocessing.size = size > 0 ? size : architecture.input_size;
  preprocessing.mean = architecture.mean;
  preprocessing.scale = architecture.scale;
  return preprocessing;
}

}  // namespace winnow::embedding
