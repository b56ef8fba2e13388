#include "head.hpp"

#include <algorithm>

namespace winnow::training {

stats::LinearModel take_head(const model::Architecture& architecture, model::TensorMap& tensors) {
  const std::string weight_name = architecture.head + ".weight";
  const std::string bias_name = architecture.head + ".bias";
  const model::Tensor& weight =
      model::require_tensor(tensors, weight_name, {architecture.classes, architecture.embedding_size});
  const model::Tensor& bias = model::require_tensor(tensors, bias_name, {architecture.classes});
  stats::LinearModel head{stats::Matrix(static_cast<std::size_t>(architecture.classes),
                                        static_cast<std::size_t>(architecture.embedding_size)),
                          bias.values};
  std::copy(weight.values.begin(), weight.values.end(), head.weights.values().begin());
  tensors.erase(weight_name);
  tensors.erase(bias_name);
  return head;
}

model::TensorMap with_head(model::TensorMap backbone, const model::Architecture& architecture,
                           const stats::LinearModel& head) {
  backbone[architecture.head + ".weight"] = {{architecture.classes, architecture.embedding_size},
                                             {head.weights.values().begin(), head.weights.values().end()}};
  backbone[architecture.head + ".bias"] = {{architecture.classes}, head.bias};
  return backbone;
}

}  // namespace winnow::training
