#include "winnow/nn/network.hpp"

#include <algorithm>
#include <cmath>

namespace winnow::nn {
namespace {

using model::Activation;
using model::Layer;

constexpr double kNormMomentum = 0.1;

torch::Tensor initial_value(const model::TensorSpec& spec) {
  if (spec.name.ends_with(".running_mean") || spec.name.ends_with(".bias")) return torch::zeros(spec.shape);
  if (spec.name.ends_with(".running_var") || spec.shape.size() == 1) return torch::ones(spec.shape);
  torch::Tensor weight = torch::empty(spec.shape);
  if (spec.shape.size() == 2)
    return torch::nn::init::normal_(weight, 0, 1 / std::sqrt(static_cast<double>(spec.shape[1])));
  return torch::nn::init::kaiming_normal_(weight, 0, torch::kFanOut, torch::kReLU);
}

bool is_statistic(const std::string& name) {
  return name.ends_with(".running_mean") || name.ends_with(".running_var");
}

torch::Tensor activate(torch::Tensor x, Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return x.relu_();
    case Activation::kRelu6:
      return x.clamp_(0, 6);
  }
  return x;
}

}  // namespace

Network::Network(model::Architecture architecture)
    : architecture_(std::move(architecture)),
      mean_(register_buffer("mean", torch::tensor(at::ArrayRef<float>(architecture_.mean)))),
      scale_(register_buffer("scale", torch::tensor(at::ArrayRef<float>(architecture_.scale)))) {
  for (const model::TensorSpec& spec : model::tensor_specs(architecture_)) {
    std::string torch_name = spec.name;
    std::replace(torch_name.begin(), torch_name.end(), '.', '/');
    torch::Tensor value = initial_value(spec);
    if (value.dim() == 4) value = value.contiguous(torch::MemoryFormat::ChannelsLast);
    tensors_[spec.name] =
        is_statistic(spec.name) ? register_buffer(torch_name, value) : register_parameter(torch_name, value);
  }
}

torch::Tensor Network::run_convolution(const Layer& layer, const torch::Tensor& input) const {
  torch::Tensor x = input;
  const model::Padding rows = model::same_padding(static_cast<int>(x.size(2)), layer.kernel, layer.stride);
  const model::Padding columns = model::same_padding(static_cast<int>(x.size(3)), layer.kernel, layer.stride);
  std::vector<std::int64_t> padding = {rows.before, columns.before};
  if (rows.before != rows.after || columns.before != columns.after) {
    x = torch::constant_pad_nd(x, {columns.before, columns.after, rows.before, rows.after});
    padding = {0, 0};
  }
  torch::Tensor weight = tensor(layer.name + ".weight");
  if (layer.norm.empty()) {
    return torch::conv2d(x, weight, tensor(layer.name + ".bias"), layer.stride, padding, 1, layer.groups);
  }
  const torch::Tensor& gamma = tensor(layer.norm + ".weight");
  const torch::Tensor& beta = tensor(layer.norm + ".bias");
  const torch::Tensor& mean = tensor(layer.norm + ".running_mean");
  const torch::Tensor& variance = tensor(layer.norm + ".running_var");
  if (is_training() && !statistics_are_frozen_) {
    x = torch::conv2d(x, weight, {}, layer.stride, padding, 1, layer.groups);
    return torch::batch_norm(x, gamma, beta, mean, variance, true, kNormMomentum, architecture_.norm_epsilon,
                             false);
  }
  // Scaling the few weights instead of every output; gradients come out the same.
  const torch::Tensor factor = gamma * (variance + architecture_.norm_epsilon).rsqrt();
  weight = weight * factor.view({-1, 1, 1, 1});
  return torch::conv2d(x, weight, beta - mean * factor, layer.stride, padding, 1, layer.groups);
}

NetworkOutput Network::forward(const torch::Tensor& pixels) {
  // [n, h, w, c] seen as [n, c, h, w] is the channels-last layout: no copy, and the fast one on CPUs.
  const torch::Tensor input = pixels.to(torch::kFloat32).sub_(mean_).div_(scale_).permute({0, 3, 1, 2});
  std::vector<torch::Tensor> outputs;
  outputs.reserve(architecture_.layers.size());
  const auto value = [&](int index) { return index < 0 ? input : outputs[static_cast<std::size_t>(index)]; };
  NetworkOutput result;
  for (const Layer& layer : architecture_.layers) {
    torch::Tensor x = value(layer.inputs[0]);
    switch (layer.kind) {
      case Layer::Kind::kConvolution:
        x = run_convolution(layer, x);
        break;
      case Layer::Kind::kAdd:
        x = x + value(layer.inputs[1]);
        break;
      case Layer::Kind::kMeanPool:
        x = x.mean({2, 3});
        break;
      case Layer::Kind::kLinear:
        x = torch::linear(x, tensor(layer.name + ".weight"), tensor(layer.name + ".bias"));
        break;
    }
    outputs.push_back(activate(std::move(x), layer.activation));
  }
  result.features = value(architecture_.features);
  result.embedding = value(architecture_.embedding);
  if (architecture_.classes > 0) result.logits = outputs.back();
  return result;
}

void Network::load(const model::TensorMap& tensors) {
  load_backbone(tensors);
  if (architecture_.classes == 0) return;
  const torch::NoGradGuard no_grad;
  for (const char* part : {".weight", ".bias"}) {
    torch::Tensor& target = tensors_.at(architecture_.head + part);
    const model::Tensor& source =
        model::require_tensor(tensors, architecture_.head + part, target.sizes().vec());
    target.copy_(torch::from_blob(const_cast<float*>(source.values.data()), source.shape));
  }
}

void Network::load_backbone(const model::TensorMap& tensors) {
  const torch::NoGradGuard no_grad;
  for (auto& [name, target] : tensors_) {
    if (name == architecture_.head + ".weight" || name == architecture_.head + ".bias") continue;
    const model::Tensor& source = model::require_tensor(tensors, name, target.sizes().vec());
    target.copy_(torch::from_blob(const_cast<float*>(source.values.data()), source.shape));
  }
}

model::TensorMap Network::state() const {
  model::TensorMap state;
  for (const auto& [name, value] : tensors_) {
    const torch::Tensor plain = value.detach().to(torch::kCPU, torch::kFloat32).contiguous();
    const auto* values = plain.data_ptr<float>();
    state[name] = {plain.sizes().vec(), std::vector<float>(values, values + plain.numel())};
  }
  return state;
}

std::vector<torch::Tensor> Network::parameters_of_rank(bool matrices) const {
  std::vector<torch::Tensor> chosen;
  for (const auto& [name, value] : tensors_) {
    if (!is_statistic(name) && (value.dim() > 1) == matrices) chosen.push_back(value);
  }
  return chosen;
}

std::vector<torch::Tensor> Network::decayed_parameters() const {
  return parameters_of_rank(true);
}
std::vector<torch::Tensor> Network::undecayed_parameters() const {
  return parameters_of_rank(false);
}

}  // namespace winnow::nn
