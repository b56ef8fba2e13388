#include "winnow/model/architecture.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "networks.hpp"
#include "winnow/core/error.hpp"

namespace winnow::model {
namespace {

Architecture make_of_size(const std::string& name, int classes, int size) {
  if (name == "efficientnet_lite0") return efficientnet_lite(0, classes);
  if (name == "efficientnet_lite1") return efficientnet_lite(1, classes);
  if (name == "efficientnet_lite2") return efficientnet_lite(2, classes);
  if (name == "resnet18") return resnet(18, classes);
  if (name == "resnet50") return resnet(50, classes);
  if (name == "small_resnet") return small_resnet(classes, size);
  if (name == "airbench") return airbench(classes);
  if (name == "doom68") return doom68(classes, size);
  throw Error(ErrorKind::kUsage, name,
              fmt::format("no such network; choose one of {}", fmt::join(architecture_names(), ", ")));
}

// True if something of a picture is left after every layer.
bool takes_size(const Architecture& architecture) {
  std::vector<int> sides;
  for (const Layer& layer : architecture.layers) {
    const int input = layer.inputs.at(0);
    const int side = input < 0 ? architecture.input_size : sides.at(static_cast<std::size_t>(input));
    sides.push_back(side_after(layer, side));
    if (sides.back() < 1) return false;
  }
  return true;
}

}  // namespace

const std::vector<std::string>& architecture_names() {
  static const std::vector<std::string> names = {
      "efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2", "resnet18",
      "resnet50",           "small_resnet",       "airbench",           "doom68"};
  return names;
}

Architecture make_architecture(const std::string& name, int classes, int size) {
  Architecture architecture = make_of_size(name, classes, size);
  if (size > 0) architecture.input_size = size;
  if (!takes_size(architecture)) {
    throw Error(
        ErrorKind::kUsage, name,
        fmt::format("pictures of {} pixels are too small for this network; use a larger --size", size));
  }
  return architecture;
}

Padding padding_of(const Layer& layer, int size) {
  if (layer.pad == Pad::kNone) return {0, 0};
  if (layer.pad == Pad::kSymmetric) return {layer.kernel / 2, layer.kernel / 2};
  const int out = (size + layer.stride - 1) / layer.stride;
  const int total = std::max((out - 1) * layer.stride + layer.kernel - size, 0);
  return {total / 2, total - total / 2};
}

int side_after(const Layer& layer, int size) {
  if (layer.kind == Layer::Kind::kAdd) return size;
  if (layer.kind != Layer::Kind::kConvolution && layer.kind != Layer::Kind::kMaxPool) return 1;
  const Padding padding = padding_of(layer, size);
  const int room = size + padding.before + padding.after - layer.kernel;
  return room < 0 ? 0 : (room / layer.stride + 1) / layer.pool;
}

std::vector<TensorSpec> tensor_specs(const Architecture& architecture) {
  std::vector<TensorSpec> specs;
  for (const Layer& layer : architecture.layers) {
    const std::int64_t out = layer.out_channels;
    if (layer.kind == Layer::Kind::kConvolution) {
      specs.push_back({layer.name + ".weight",
                       {out, layer.in_channels / layer.groups, layer.kernel, layer.kernel},
                       layer.start});
      if (layer.norm.empty()) {
        specs.push_back({layer.name + ".bias", {out}});
      } else {
        for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"}) {
          if (part == std::string(".weight") && !layer.norm_has_scale) continue;
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

bool has_activation_maps(const Architecture& architecture) {
  const std::size_t count = architecture.layers.size();
  if (architecture.classes < 2 || count < 2) return false;
  const Layer& head = architecture.layers[count - 1];
  const Layer& embedding = architecture.layers[static_cast<std::size_t>(architecture.embedding)];
  return head.kind == Layer::Kind::kLinear && head.inputs == std::vector{architecture.embedding} &&
         embedding.kind == Layer::Kind::kMeanPool && embedding.inputs == std::vector{architecture.features};
}

bool needs_float32(const Architecture& architecture) {
  return std::any_of(architecture.layers.begin(), architecture.layers.end(),
                     [](const Layer& layer) { return layer.start == Start::kWhitening; });
}

}  // namespace winnow::model
