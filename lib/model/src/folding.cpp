#include "winnow/model/folding.hpp"

#include <cmath>

#include "winnow/core/error.hpp"

namespace winnow::model {

FoldedConvolution fold_convolution(const Architecture& architecture, const Layer& layer,
                                   const TensorMap& tensors) {
  const std::int64_t out = layer.out_channels;
  const Tensor& weight = require_tensor(tensors, layer.name + ".weight",
                                        {out, layer.in_channels / layer.groups, layer.kernel, layer.kernel});
  if (layer.norm.empty()) return {weight.values, require_tensor(tensors, layer.name + ".bias", {out}).values};

  const std::vector<float> gamma = layer.norm_has_scale
                                       ? require_tensor(tensors, layer.norm + ".weight", {out}).values
                                       : std::vector<float>(static_cast<std::size_t>(out), 1.0F);
  const std::vector<float>& beta = require_tensor(tensors, layer.norm + ".bias", {out}).values;
  const std::vector<float>& mean = require_tensor(tensors, layer.norm + ".running_mean", {out}).values;
  const std::vector<float>& variance = require_tensor(tensors, layer.norm + ".running_var", {out}).values;
  FoldedConvolution folded{weight.values, std::vector<float>(gamma.size())};
  const std::size_t per_channel = weight.values.size() / gamma.size();
  for (std::size_t c = 0; c < gamma.size(); ++c) {
    if (!(variance[c] >= 0)) {
      throw Error(ErrorKind::kInvalid, "", "tensor " + layer.norm + ".running_var holds what is no variance");
    }
    const double factor = gamma[c] / std::sqrt(double{variance[c]} + architecture.norm_epsilon);
    for (std::size_t i = c * per_channel; i < (c + 1) * per_channel; ++i) {
      folded.weight[i] = static_cast<float>(folded.weight[i] * factor);
    }
    folded.bias[c] = static_cast<float>(beta[c] - mean[c] * factor);
  }
  return folded;
}

}  // namespace winnow::model
