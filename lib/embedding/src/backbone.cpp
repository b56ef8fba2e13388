#include "winnow/embedding/backbone.hpp"

#include "winnow/core/error.hpp"

namespace winnow::embedding {

Backbone read_backbone(const std::filesystem::path& weights, const std::string& architecture) {
  std::error_code ignored;
  if (!std::filesystem::exists(weights, ignored)) {
    throw Error(ErrorKind::kNotFound, weights.string(),
                "no such weights; run scripts/setup.sh, or name a safetensors file with --weights");
  }
  Backbone backbone{.architecture = model::make_architecture(architecture, 0), .tensors = {}};
  model::Safetensors file = model::read_safetensors(weights);
  backbone.source = file.metadata;
  backbone.source["file"] = weights.filename().string();
  try {
    for (const model::TensorSpec& spec : model::tensor_specs(backbone.architecture)) {
      (void)model::require_tensor(file.tensors, spec.name, spec.shape);
      backbone.tensors[spec.name] = std::move(file.tensors[spec.name]);
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
