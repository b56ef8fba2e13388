#include "winnow/nn/network.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "depthwise.hpp"
#include "shared_batch_norm.hpp"

namespace winnow::nn {
namespace {

using model::Activation;
using model::Layer;

constexpr double kWhiteningEpsilon = 5e-4;  // of Jordan 2024

torch::Tensor initial_value(const model::TensorSpec& spec) {
  if (spec.name.ends_with(".running_mean") || spec.name.ends_with(".bias")) return torch::zeros(spec.shape);
  if (spec.name.ends_with(".running_var") || spec.shape.size() == 1) return torch::ones(spec.shape);
  torch::Tensor weight = torch::empty(spec.shape);
  if (spec.shape.size() == 2)
    return torch::nn::init::normal_(weight, 0, 1 / std::sqrt(static_cast<double>(spec.shape[1])));
  torch::nn::init::kaiming_normal_(weight, 0, torch::kFanOut, torch::kReLU);
  if (spec.start == model::Start::kIdentity) {
    torch::nn::init::dirac_(weight.narrow(0, 0, std::min(weight.size(0), weight.size(1))));
  }
  return weight;
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
      // Unlike clamp_() it keeps no copy of what it overwrites for the backward pass.
      return torch::hardtanh_(x, 0, 6);
    case Activation::kGelu:
      return torch::gelu(x);
  }
  return x;
}

Clip to_clip(Activation activation) {
  return {activation != Activation::kNone,
          activation == Activation::kRelu6 ? 6.0F : std::numeric_limits<float>::infinity()};
}

bool is_depthwise(const Layer& layer) {
  return layer.kind == Layer::Kind::kConvolution && layer.groups > 1 && layer.groups == layer.in_channels &&
         layer.in_channels == layer.out_channels && !layer.norm.empty() && layer.pool == 1 &&
         layer.stride <= 2 && layer.pad == model::Pad::kSame && layer.activation != Activation::kGelu;
}

// For each layer the kernel of the depthwise convolution that applies its activation, as the only one that
// reads it; 0 where there is none.
std::vector<int> find_depthwise_readers(const model::Architecture& architecture) {
  std::vector<int> readers(architecture.layers.size());
  std::vector<int> kernels(architecture.layers.size());
  for (const Layer& layer : architecture.layers) {
    for (const int input : layer.inputs) {
      if (input < 0) continue;
      ++readers[static_cast<std::size_t>(input)];
      kernels[static_cast<std::size_t>(input)] = is_depthwise(layer) ? layer.kernel : 0;
    }
  }
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    const Layer& layer = architecture.layers[i];
    const bool is_convolution = layer.kind == Layer::Kind::kConvolution;
    if (!is_convolution || layer.activation == Activation::kGelu || readers[i] != 1 ||
        static_cast<int>(i) == architecture.features)
      kernels[i] = 0;
  }
  return kernels;
}

}  // namespace

Network::Network(model::Architecture architecture)
    : architecture_(std::move(architecture)),
      depthwise_readers_(find_depthwise_readers(architecture_)),
      mean_(register_buffer("mean", torch::tensor(at::ArrayRef<float>(architecture_.mean)))),
      scale_(register_buffer("scale", torch::tensor(at::ArrayRef<float>(architecture_.scale)))) {
  for (const model::TensorSpec& spec : model::tensor_specs(architecture_)) {
    std::string torch_name = spec.name;
    std::replace(torch_name.begin(), torch_name.end(), '.', '/');
    torch::Tensor value = initial_value(spec);
    if (value.dim() == 4) value = value.contiguous(torch::MemoryFormat::ChannelsLast);
    const bool learns = spec.start != model::Start::kWhitening;
    tensors_[spec.name] = is_statistic(spec.name) ? register_buffer(torch_name, value)
                                                  : register_parameter(torch_name, value, learns);
  }
}

torch::Tensor Network::run_convolution(std::size_t index, const torch::Tensor& input) const {
  const Layer& layer = architecture_.layers[index];
  torch::Tensor x = input;
  const model::Padding rows = model::padding_of(layer, static_cast<int>(x.size(2)));
  const model::Padding columns = model::padding_of(layer, static_cast<int>(x.size(3)));
  torch::Tensor weight = tensor(layer.name + ".weight");
  torch::Tensor bias = layer.norm.empty() ? tensor(layer.name + ".bias") : torch::Tensor();
  if (!layer.norm.empty() && is_folded()) {
    // Scaling the few weights instead of every output; gradients come out the same.
    torch::Tensor factor = (tensor(layer.norm + ".running_var") + architecture_.norm_epsilon).rsqrt();
    if (layer.norm_has_scale) factor = tensor(layer.norm + ".weight") * factor;
    weight = weight * factor.view({-1, 1, 1, 1});
    bias = tensor(layer.norm + ".bias") - tensor(layer.norm + ".running_mean") * factor;
    if (is_depthwise(layer) && is_depthwise_supported(x, layer.kernel)) {
      const int before = layer.inputs[0];
      Clip clip_input;
      if (before >= 0 && depthwise_readers_[static_cast<std::size_t>(before)] > 0) {
        clip_input = to_clip(architecture_.layers[static_cast<std::size_t>(before)].activation);
      }
      const DepthwiseShape shape{x.size(2),
                                 x.size(3),
                                 (x.size(2) + layer.stride - 1) / layer.stride,
                                 (x.size(3) + layer.stride - 1) / layer.stride,
                                 x.size(1),
                                 layer.kernel,
                                 layer.stride,
                                 rows.before,
                                 columns.before};
      return depthwise_convolution(x, clip_input, weight, bias, to_clip(layer.activation), shape);
    }
  }
  std::vector<std::int64_t> padding = {rows.before, columns.before};
  if (rows.before != rows.after || columns.before != columns.after) {
    x = torch::constant_pad_nd(x, {columns.before, columns.after, rows.before, rows.after});
    padding = {0, 0};
  }
  x = torch::conv2d(x, weight, bias, layer.stride, padding, 1, layer.groups);
  if (layer.pool > 1) x = torch::max_pool2d(x, layer.pool);
  if (!layer.norm.empty() && !is_folded()) {
    const torch::Tensor gamma = layer.norm_has_scale ? tensor(layer.norm + ".weight") : torch::Tensor();
    const torch::Tensor& beta = tensor(layer.norm + ".bias");
    const torch::Tensor& mean = tensor(layer.norm + ".running_mean");
    const torch::Tensor& var = tensor(layer.norm + ".running_var");
    x = team_ != nullptr ? shared_batch_norm(x, gamma, beta, mean, var, architecture_.norm_momentum,
                                             architecture_.norm_epsilon, *team_)
                         : torch::batch_norm(x, gamma, beta, mean, var, true, architecture_.norm_momentum,
                                             architecture_.norm_epsilon, false);
  }
  const int reader = depthwise_readers_[index];
  if (reader > 0 && is_folded() && is_depthwise_supported(x, reader)) return x;
  return activate(std::move(x), layer.activation);
}

torch::Tensor Network::normalise(const torch::Tensor& pixels) const {
  // [n, h, w, c] seen as [n, c, h, w] is the channels-last layout: no copy, and the fast one on CPUs.
  return pixels.to(torch::kFloat32).sub_(mean_).div_(scale_).permute({0, 3, 1, 2});
}

void Network::whiten(const torch::Tensor& pixels) {
  const torch::NoGradGuard no_grad;
  for (const Layer& layer : architecture_.layers) {
    if (layer.start != model::Start::kWhitening) continue;
    torch::Tensor& weight = tensors_.at(layer.name + ".weight");
    // Rows are patches [channels * kernel * kernel]; the layer is the network's first.
    const torch::Tensor patches = torch::im2col(normalise(pixels).contiguous(), {layer.kernel, layer.kernel},
                                                {1, 1}, {0, 0}, {layer.stride, layer.stride})
                                      .transpose(1, 2)
                                      .flatten(0, 1)
                                      .to(torch::kFloat64);
    const auto [values, vectors] = torch::linalg_eigh(patches.t().matmul(patches) / patches.size(0), "L");
    // Rising eigenvalues: the last are the directions in which patches differ most.
    const torch::Tensor filters = (vectors / (values.clamp_min(0) + kWhiteningEpsilon).sqrt())
                                      .t()
                                      .flip(0)
                                      .contiguous()
                                      .view({-1, layer.in_channels, layer.kernel, layer.kernel});
    weight.copy_(torch::cat({filters, -filters}).narrow(0, 0, layer.out_channels));
  }
}

NetworkOutput Network::forward(const torch::Tensor& pixels, const Observer& observe) {
  const torch::Tensor input = normalise(pixels);
  std::vector<torch::Tensor> outputs;
  outputs.reserve(architecture_.layers.size());
  const auto value = [&](int index) { return index < 0 ? input : outputs[static_cast<std::size_t>(index)]; };
  NetworkOutput result;
  for (std::size_t i = 0; i < architecture_.layers.size(); ++i) {
    const Layer& layer = architecture_.layers[i];
    torch::Tensor x = value(layer.inputs[0]);
    switch (layer.kind) {
      case Layer::Kind::kConvolution:
        x = run_convolution(i, x);
        break;
      case Layer::Kind::kMaxPool:
        x = torch::max_pool2d(x, layer.kernel, layer.stride, model::padding_of(layer, 0).before);
        break;
      case Layer::Kind::kAdd:
        x = activate(x + value(layer.inputs[1]), layer.activation);
        break;
      case Layer::Kind::kMeanPool:
        x = x.mean({2, 3});
        break;
      case Layer::Kind::kLinear:
        x = activate(torch::linear(x, tensor(layer.name + ".weight"), tensor(layer.name + ".bias")),
                     layer.activation);
        break;
    }
    // Clipping twice does no harm, and some layers leave it to the next one.
    if (observe)
      observe(i, layer.activation == Activation::kGelu ? x : activate(x.clone(), layer.activation));
    outputs.push_back(std::move(x));
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

std::vector<torch::Tensor> Network::fixed_tensors() const {
  std::vector<torch::Tensor> found;
  for (const auto& [name, value] : tensors_) {
    if (!value.requires_grad()) found.push_back(value);
  }
  return found;
}

}  // namespace winnow::nn
