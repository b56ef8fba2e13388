#include "winnow/model/architecture.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "winnow/core/error.hpp"

namespace winnow::model {
namespace {

// Appends layers; every method returns the index of the layer it added.
class Builder {
 public:
  explicit Builder(Architecture& architecture) : layers_(architecture.layers) {}

  int convolution(int input, const std::string& name, const std::string& norm, int out_channels, int kernel,
                  int stride, Activation activation) {
    return add({.kind = Layer::Kind::kConvolution,
                .inputs = {input},
                .name = name,
                .norm = norm,
                .activation = activation,
                .in_channels = channels(input),
                .out_channels = out_channels,
                .kernel = kernel,
                .stride = stride});
  }
  int depthwise(int input, const std::string& name, const std::string& norm, int kernel, int stride,
                Activation activation) {
    const int layer = convolution(input, name, norm, channels(input), kernel, stride, activation);
    layers_.back().groups = channels(input);
    return layer;
  }
  int sum(int a, int b, Activation activation) {
    return add({.kind = Layer::Kind::kAdd,
                .inputs = {a, b},
                .name = {},
                .norm = {},
                .activation = activation,
                .in_channels = channels(a),
                .out_channels = channels(a)});
  }

 private:
  int channels(int layer) const {
    return layer < 0 ? 3 : layers_[static_cast<std::size_t>(layer)].out_channels;
  }
  int add(Layer layer) {
    layers_.push_back(std::move(layer));
    return static_cast<int>(layers_.size()) - 1;
  }

  std::vector<Layer>& layers_;
};

void finish(Architecture& architecture, int features, const std::string& head, int classes) {
  const int width = architecture.layers[static_cast<std::size_t>(features)].out_channels;
  architecture.features = features;
  architecture.embedding = features + 1;
  architecture.embedding_size = width;
  architecture.layers.push_back({.kind = Layer::Kind::kMeanPool,
                                 .inputs = {features},
                                 .name = {},
                                 .norm = {},
                                 .in_channels = width,
                                 .out_channels = width});
  architecture.classes = classes;
  architecture.head = head;
  if (classes > 0) {
    architecture.layers.push_back({.kind = Layer::Kind::kLinear,
                                   .inputs = {features + 1},
                                   .name = head,
                                   .norm = {},
                                   .in_channels = width,
                                   .out_channels = classes});
  }
}

Architecture efficientnet_lite0(int classes) {
  struct Stage {
    int repeats, kernel, stride, expansion, channels;
  };
  constexpr std::array<Stage, 7> kStages = {{{1, 3, 1, 1, 16},
                                             {2, 3, 2, 6, 24},
                                             {2, 5, 2, 6, 40},
                                             {3, 3, 2, 6, 80},
                                             {3, 5, 1, 6, 112},
                                             {4, 5, 2, 6, 192},
                                             {1, 3, 1, 6, 320}}};
  constexpr Activation kRelu6 = Activation::kRelu6;

  Architecture net{.name = "efficientnet_lite0", .layers = {}, .head = {}};
  Builder build(net);
  int x = build.convolution(-1, "_conv_stem", "_bn0", 32, 3, 2, kRelu6);
  int in = 32;
  int index = 0;
  for (const Stage& stage : kStages) {
    for (int repeat = 0; repeat < stage.repeats; ++repeat, ++index) {
      const std::string block = fmt::format("_blocks.{}.", index);
      const int stride = repeat == 0 ? stage.stride : 1;
      const int shortcut = x;
      if (stage.expansion != 1) {
        x = build.convolution(x, block + "_expand_conv", block + "_bn0", in * stage.expansion, 1, 1, kRelu6);
      }
      x = build.depthwise(x, block + "_depthwise_conv", block + "_bn1", stage.kernel, stride, kRelu6);
      x = build.convolution(x, block + "_project_conv", block + "_bn2", stage.channels, 1, 1,
                            Activation::kNone);
      if (stride == 1 && in == stage.channels) x = build.sum(x, shortcut, Activation::kNone);
      in = stage.channels;
    }
  }
  x = build.convolution(x, "_conv_head", "_bn1", 1280, 1, 1, kRelu6);
  finish(net, x, "_fc", classes);
  return net;
}

Architecture small_resnet(int classes) {
  constexpr std::array kWidths = {32, 64, 128, 192};
  constexpr Activation kRelu = Activation::kRelu;
  Architecture net{.name = "small_resnet", .layers = {}, .input_size = 96, .norm_epsilon = 1e-5F, .head = {}};
  Builder build(net);
  int x = -1;
  for (std::size_t stage = 0; stage < kWidths.size(); ++stage) {
    const std::string prefix = fmt::format("stage{}.", stage);
    const auto part = [&](const char* what) { return prefix + what; };
    x = build.convolution(x, part("down"), part("down_bn"), kWidths[stage], 3, 2, kRelu);
    const int shortcut = x;
    x = build.convolution(x, part("conv1"), part("bn1"), kWidths[stage], 3, 1, kRelu);
    x = build.convolution(x, part("conv2"), part("bn2"), kWidths[stage], 3, 1, Activation::kNone);
    x = build.sum(x, shortcut, kRelu);
  }
  finish(net, x, "head", classes);
  return net;
}

}  // namespace

const std::vector<std::string>& architecture_names() {
  static const std::vector<std::string> names = {"efficientnet_lite0", "small_resnet"};
  return names;
}

Architecture make_architecture(const std::string& name, int classes) {
  if (name == "efficientnet_lite0") return efficientnet_lite0(classes);
  if (name == "small_resnet") return small_resnet(classes);
  throw Error(ErrorKind::kUsage, name,
              fmt::format("no such network; choose one of {}", fmt::join(architecture_names(), ", ")));
}

Padding same_padding(int size, int kernel, int stride) {
  const int out = (size + stride - 1) / stride;
  const int total = std::max((out - 1) * stride + kernel - size, 0);
  return {total / 2, total - total / 2};
}

std::vector<TensorSpec> tensor_specs(const Architecture& architecture) {
  std::vector<TensorSpec> specs;
  for (const Layer& layer : architecture.layers) {
    const std::int64_t out = layer.out_channels;
    if (layer.kind == Layer::Kind::kConvolution) {
      specs.push_back(
          {layer.name + ".weight", {out, layer.in_channels / layer.groups, layer.kernel, layer.kernel}});
      if (layer.norm.empty()) {
        specs.push_back({layer.name + ".bias", {out}});
      } else {
        for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"}) {
          specs.push_back({layer.norm + part, {out}});
        }
      }
    } else if (layer.kind == Layer::Kind::kLinear) {
      specs.push_back({layer.name + ".weight", {out, layer.in_channels}});
      specs.push_back({layer.name + ".bias", {out}});
    }
  }
  return specs;
}

}  // namespace winnow::model
