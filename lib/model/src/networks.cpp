#include "networks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace winnow::model {
namespace {

// ImageNet's mean and deviation of red, green and blue, as torchvision and timm use them, of pixels up to
// 255.
constexpr std::array<float, 3> kImageNetMean = {123.675F, 116.28F, 103.53F};
constexpr std::array<float, 3> kImageNetDeviation = {58.395F, 57.12F, 57.375F};
constexpr float kUsualEpsilon = 1e-5F;

// Appends layers; every method returns the index of the layer it added.
class Builder {
 public:
  explicit Builder(Architecture& architecture, Pad pad = Pad::kSame)
      : layers_(architecture.layers), pad_(pad) {}

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
                .stride = stride,
                .pad = pad_});
  }
  int depthwise(int input, const std::string& name, const std::string& norm, int kernel, int stride,
                Activation activation) {
    const int layer = convolution(input, name, norm, channels(input), kernel, stride, activation);
    layers_.back().groups = channels(input);
    return layer;
  }
  int max_pool(int input, int kernel, int stride) {
    return add({.kind = Layer::Kind::kMaxPool,
                .inputs = {input},
                .name = {},
                .norm = {},
                .in_channels = channels(input),
                .out_channels = channels(input),
                .kernel = kernel,
                .stride = stride,
                .pad = Pad::kSymmetric});
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
  [[nodiscard]] Layer& last() { return layers_.back(); }

 private:
  int channels(int layer) const {
    return layer < 0 ? 3 : layers_[static_cast<std::size_t>(layer)].out_channels;
  }
  int add(Layer layer) {
    layers_.push_back(std::move(layer));
    return static_cast<int>(layers_.size()) - 1;
  }

  std::vector<Layer>& layers_;
  const Pad pad_;
};

// The mean over the picture is the embedding, and a linear layer on it the head.
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

// The authors' rule: to a multiple of 8, and not below nine tenths.
int scale_width(int channels, double factor) {
  const double scaled = channels * factor;
  const int rounded = std::max(8, static_cast<int>(scaled + 4) / 8 * 8);
  return rounded < 0.9 * scaled ? rounded + 8 : rounded;
}

// One residual block of ResNet: two 3 x 3 convolutions, or a 3 x 3 between two 1 x 1 with `expansion` times
// the width at the end.
int resnet_block(Builder& build, int input, const std::string& name, int width, int expansion, int stride,
                 bool reshapes) {
  constexpr Activation kRelu = Activation::kRelu;
  int x = input;
  if (expansion == 1) {
    x = build.convolution(x, name + "conv1", name + "bn1", width, 3, stride, kRelu);
    x = build.convolution(x, name + "conv2", name + "bn2", width, 3, 1, Activation::kNone);
  } else {
    x = build.convolution(x, name + "conv1", name + "bn1", width, 1, 1, kRelu);
    x = build.convolution(x, name + "conv2", name + "bn2", width, 3, stride, kRelu);
    x = build.convolution(x, name + "conv3", name + "bn3", width * expansion, 1, 1, Activation::kNone);
  }
  const int shortcut = reshapes ? build.convolution(input, name + "downsample.0", name + "downsample.1",
                                                    width * expansion, 1, stride, Activation::kNone)
                                : input;
  return build.sum(x, shortcut, kRelu);
}

}  // namespace

Architecture efficientnet_lite(int variant, int classes) {
  struct Scaling {
    double width, depth;
    int size;
  };
  constexpr std::array<Scaling, 3> kScalings = {{{1.0, 1.0, 224}, {1.0, 1.1, 240}, {1.1, 1.2, 260}}};
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

  const Scaling& scaling = kScalings.at(static_cast<std::size_t>(variant));
  Architecture net{.name = fmt::format("efficientnet_lite{}", variant),
                   .layers = {},
                   .input_size = scaling.size,
                   .head = {}};
  Builder build(net);
  int x = build.convolution(-1, "_conv_stem", "_bn0", 32, 3, 2, kRelu6);
  int in = 32;
  int index = 0;
  for (std::size_t s = 0; s < kStages.size(); ++s) {
    const Stage& stage = kStages[s];
    const bool is_scaled = s > 0 && s + 1 < kStages.size();  // the first and the last keep their depth
    const int repeats =
        is_scaled ? static_cast<int>(std::ceil(stage.repeats * scaling.depth)) : stage.repeats;
    const int channels = scale_width(stage.channels, scaling.width);
    for (int repeat = 0; repeat < repeats; ++repeat, ++index) {
      const std::string block = fmt::format("_blocks.{}.", index);
      const int stride = repeat == 0 ? stage.stride : 1;
      const int shortcut = x;
      if (stage.expansion != 1) {
        x = build.convolution(x, block + "_expand_conv", block + "_bn0", in * stage.expansion, 1, 1, kRelu6);
      }
      x = build.depthwise(x, block + "_depthwise_conv", block + "_bn1", stage.kernel, stride, kRelu6);
      x = build.convolution(x, block + "_project_conv", block + "_bn2", channels, 1, 1, Activation::kNone);
      if (stride == 1 && in == channels) x = build.sum(x, shortcut, Activation::kNone);
      in = channels;
    }
  }
  x = build.convolution(x, "_conv_head", "_bn1", 1280, 1, 1, kRelu6);
  finish(net, x, "_fc", classes);
  return net;
}

Architecture resnet(int depth, int classes) {
  constexpr std::array<int, 4> kWidths = {64, 128, 256, 512};
  const std::array<int, 4> repeats = depth == 18 ? std::array{2, 2, 2, 2} : std::array{3, 4, 6, 3};
  const int expansion = depth == 18 ? 1 : 4;
  Architecture net{.name = fmt::format("resnet{}", depth),
                   .layers = {},
                   .mean = kImageNetMean,
                   .scale = kImageNetDeviation,
                   .norm_epsilon = kUsualEpsilon,
                   .head = {}};
  Builder build(net, Pad::kSymmetric);
  int x = build.convolution(-1, "conv1", "bn1", 64, 7, 2, Activation::kRelu);
  x = build.max_pool(x, 3, 2);
  int in = 64;
  for (std::size_t stage = 0; stage < kWidths.size(); ++stage) {
    for (int repeat = 0; repeat < repeats[stage]; ++repeat) {
      const int stride = stage > 0 && repeat == 0 ? 2 : 1;
      const int out = kWidths[stage] * expansion;
      x = resnet_block(build, x, fmt::format("layer{}.{}.", stage + 1, repeat), kWidths[stage], expansion,
                       stride, stride != 1 || in != out);
      in = out;
    }
  }
  finish(net, x, "fc", classes);
  return net;
}

Architecture small_resnet(int classes, int size) {
  constexpr std::array kWidths = {32, 64, 128, 192};
  constexpr int kSmall =
      48;  // up to here the first convolution keeps every pixel, as He et al. did for CIFAR
  constexpr Activation kRelu = Activation::kRelu;
  Architecture net{
      .name = "small_resnet", .layers = {}, .input_size = 96, .norm_epsilon = kUsualEpsilon, .head = {}};
  Builder build(net);
  int x = -1;
  for (std::size_t stage = 0; stage < kWidths.size(); ++stage) {
    const std::string prefix = fmt::format("stage{}.", stage);
    const auto part = [&](const char* what) { return prefix + what; };
    const int stride = stage == 0 && size > 0 && size <= kSmall ? 1 : 2;
    x = build.convolution(x, part("down"), part("down_bn"), kWidths[stage], 3, stride, kRelu);
    const int shortcut = x;
    x = build.convolution(x, part("conv1"), part("bn1"), kWidths[stage], 3, 1, kRelu);
    x = build.convolution(x, part("conv2"), part("bn2"), kWidths[stage], 3, 1, Activation::kNone);
    x = build.sum(x, shortcut, kRelu);
  }
  finish(net, x, "head", classes);
  return net;
}

Architecture airbench(int classes) {
  constexpr int kWhitening = 24;  // each of the 12 directions of a 2 x 2 patch of colours, and its opposite
  constexpr std::array kWidths = {24, 64, 128};
  constexpr Activation kGelu = Activation::kGelu;
  Architecture net{.name = "airbench",
                   .layers = {},
                   .input_size = 32,
                   .mean = kImageNetMean,
                   .scale = kImageNetDeviation,
                   .norm_epsilon = kUsualEpsilon,
                   .norm_momentum = 0.4F,
                   .head = {}};
  Builder build(net, Pad::kSymmetric);
  int x = build.convolution(-1, "whiten", "", kWhitening, 2, 1, kGelu);
  build.last().pad = Pad::kNone;
  build.last().start = Start::kWhitening;
  for (std::size_t group = 0; group < kWidths.size(); ++group) {
    for (const int part : {1, 2}) {
      const std::string prefix = fmt::format("group{}.", group + 1);
      x = build.convolution(x, fmt::format("{}conv{}", prefix, part), fmt::format("{}norm{}", prefix, part),
                            kWidths[group], 3, 1, kGelu);
      build.last().pool = part == 1 ? 2 : 1;
      build.last().norm_has_scale = false;
      build.last().start = Start::kIdentity;
    }
  }
  x = build.max_pool(x, 3, 3);
  build.last().pad = Pad::kNone;
  finish(net, x, "head", classes);
  return net;
}

Architecture doom68(int classes, int size) {
  constexpr int kSize = 68;
  constexpr int kHidden = 128;
  Architecture net{.name = "doom68",
                   .layers = {},
                   .input_size = kSize,
                   .mean = {0, 0, 0},
                   .scale = {255, 255, 255},
                   .head = {}};
  Builder build(net);
  int x = -1;
  int side = size > 0 ? size : kSize;
  for (const auto& [name, width] : {std::pair{"conv1", 32}, {"conv2", 32}, {"conv3", 64}}) {
    x = build.convolution(x, name, "", width, 3, 1, Activation::kRelu);
    build.last().pool = 2;
    side = side_after(build.last(), side);
  }
  // A fully connected layer is a convolution as large as the picture.
  x = build.convolution(x, "fc1", "", kHidden, side, 1, Activation::kRelu);
  build.last().pad = Pad::kNone;
  finish(net, x, "fc2", classes);
  return net;
}

}  // namespace winnow::model
