#include "optimizer.hpp"

#include <algorithm>
#include <cmath>

namespace winnow::training {
namespace {

constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;
constexpr double kEpsilon = 1e-8;

// A view into the buffer with the shape and the memory order of the tensor.
torch::Tensor place(const torch::Tensor& buffer, std::int64_t offset, const torch::Tensor& tensor) {
  return buffer.as_strided(tensor.sizes(), tensor.strides(), buffer.storage_offset() + offset);
}

}  // namespace

Optimizer::Optimizer(nn::Network& network, const OptimizerOptions& options) : options_(options) {
  const torch::NoGradGuard no_grad;
  const std::string head = network.architecture().head + "/";
  std::vector<torch::Tensor> ordered;
  std::int64_t size = 0;
  for (const bool is_head : {false, true}) {
    for (const bool decays : {true, false}) {
      const std::int64_t begin = size;
      for (const auto& entry : network.named_parameters(false)) {
        if (!entry.value().requires_grad()) continue;
        if (entry.key().starts_with(head) != is_head || (entry.value().dim() > 1) != decays) continue;
        ordered.push_back(entry.value());
        size += entry.value().numel();
      }
      parts_.push_back({begin, size, decays ? options.weight_decay : 0, is_head});
    }
  }
  parameters_ = size;
  const std::size_t parameter_tensors = ordered.size();
  for (const torch::Tensor& fixed : network.fixed_tensors()) {
    ordered.push_back(fixed);
    size += fixed.numel();
  }

  const auto where = torch::TensorOptions(ordered.front().device()).dtype(torch::kFloat32);
  weights_ = torch::empty(size, where);
  gradient_ = torch::zeros(parameters_, where);
  first_moment_ = torch::zeros(parameters_, where);
  second_moment_ = torch::zeros(parameters_, where);
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    torch::Tensor tensor = ordered[i];
    const torch::Tensor view = place(weights_, offset, tensor);
    view.copy_(tensor);
    tensor.set_data(view);
    if (i < parameter_tensors) tensor.mutable_grad() = place(gradient_, offset, tensor);
    offset += tensor.numel();
  }
  average_ = weights_.clone();
}

double Optimizer::step(double learning_rate) {
  const torch::NoGradGuard no_grad;
  const double norm = gradient_.norm().item<double>();
  if (!std::isfinite(norm)) return norm;
  if (norm > options_.max_gradient_norm) gradient_.mul_(options_.max_gradient_norm / norm);
  ++steps_;
  const torch::Tensor count = torch::full({}, static_cast<double>(steps_), gradient_.options());
  for (const Part& part : parts_) {
    const auto slice = [&](const torch::Tensor& buffer) { return buffer.slice(0, part.begin, part.end); };
    at::_fused_adamw_({slice(weights_)}, {slice(gradient_)}, {slice(first_moment_)}, {slice(second_moment_)},
                      {}, {count}, learning_rate * (part.is_head ? options_.head_factor : 1), kBeta1, kBeta2,
                      part.weight_decay, kEpsilon, false, false);
  }
  // Young averages follow closely, for the first weights are the worst.
  const auto age = static_cast<double>(steps_);
  average_.lerp_(weights_, 1 - std::min(options_.max_average, (1 + age) / (10 + age)));
  return norm;
}

Optimizer::UseWeights::UseWeights(Optimizer& optimizer, const torch::Tensor& values)
    : optimizer_(optimizer), kept_(optimizer.weights_.clone()) {
  optimizer_.weights_.copy_(values);
}

Optimizer::UseWeights::~UseWeights() {
  optimizer_.weights_.copy_(kept_);
}

}  // namespace winnow::training
