#include "winnow/model/weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string_view>

#include "winnow/core/error.hpp"

namespace winnow::model {
namespace {

using Renaming = std::map<std::string, std::string, std::less<>>;

// timm's modules of EfficientNet, by ours. Which names a block has depends on whether it expands.
const Renaming kTimmTop = {{"conv_stem", "_conv_stem"},
                           {"bn1", "_bn0"},
                           {"conv_head", "_conv_head"},
                           {"bn2", "_bn1"},
                           {"classifier", "_fc"}};
const Renaming kTimmPlainBlock = {
    {"conv_dw", "_depthwise_conv"}, {"bn1", "_bn1"}, {"conv_pw", "_project_conv"}, {"bn2", "_bn2"}};
const Renaming kTimmExpandingBlock = {{"conv_pw", "_expand_conv"},    {"bn1", "_bn0"},
                                      {"conv_dw", "_depthwise_conv"}, {"bn2", "_bn1"},
                                      {"conv_pwl", "_project_conv"},  {"bn3", "_bn2"}};

TensorMap rename(TensorMap tensors, const std::function<std::string(const std::string&)>& new_name) {
  TensorMap renamed;
  for (auto& [name, tensor] : tensors) renamed[new_name(name)] = std::move(tensor);
  return renamed;
}

// "blocks.3.1." of "blocks.3.1.conv_pw.weight", or nothing.
std::string_view timm_block(std::string_view name) {
  if (!name.starts_with("blocks.")) return {};
  const std::size_t stage = name.find('.', 7);
  const std::size_t block = stage == std::string_view::npos ? stage : name.find('.', stage + 1);
  return block == std::string_view::npos ? std::string_view() : name.substr(0, block + 1);
}

std::string rename_module(std::string_view name, const Renaming& renaming) {
  const std::string_view module = name.substr(0, name.find('.'));
  const auto found = renaming.find(module);
  return found == renaming.end() ? std::string(name)
                                 : found->second + std::string(name.substr(module.size()));
}

// timm numbers blocks by stage, we number them through. A network has fewer than ten stages and ten blocks in
// each, so that names sort as numbers do.
TensorMap rename_timm_efficientnet(TensorMap tensors) {
  std::set<std::string, std::less<>> blocks;
  for (const auto& [name, tensor] : tensors) {
    if (const std::string_view block = timm_block(name); !block.empty()) blocks.emplace(block);
  }
  std::set<std::string, std::less<>> expanding;
  for (const std::string& block : blocks) {
    if (tensors.contains(block + "conv_pwl.weight")) expanding.insert(block);
  }
  return rename(std::move(tensors), [&](const std::string& name) {
    const std::string_view block = timm_block(name);
    if (block.empty()) return rename_module(name, kTimmTop);
    const auto index = std::distance(blocks.begin(), blocks.find(block));
    const Renaming& renaming = expanding.contains(block) ? kTimmExpandingBlock : kTimmPlainBlock;
    return fmt::format("_blocks.{}.{}", index,
                       rename_module(std::string_view(name).substr(block.size()), renaming));
  });
}

TensorMap with_our_names(TensorMap tensors) {
  constexpr std::string_view kWrapper = "module.";  // of DataParallel
  tensors = rename(std::move(tensors), [&](const std::string& name) {
    return name.starts_with(kWrapper) ? name.substr(kWrapper.size()) : name;
  });
  if (tensors.contains("conv_stem.weight")) tensors = rename_timm_efficientnet(std::move(tensors));
  return tensors;
}

bool is_head(const Architecture& architecture, const TensorSpec& spec) {
  return spec.name == architecture.head + ".weight" || spec.name == architecture.head + ".bias";
}

bool fits(const TensorMap& tensors, const TensorSpec& spec) {
  const auto found = tensors.find(spec.name);
  return found != tensors.end() && found->second.shape == spec.shape;
}

// The network whose backbone these are, or empty.
std::string recognise(const TensorMap& tensors) {
  for (const std::string& name : architecture_names()) {
    const std::vector<TensorSpec> specs = tensor_specs(make_architecture(name, 0));
    if (std::all_of(specs.begin(), specs.end(), [&](const auto& spec) { return fits(tensors, spec); })) {
      return name;
    }
  }
  return {};
}

}  // namespace

TensorMap take_weights(const Architecture& architecture, TensorMap tensors) {
  tensors = with_our_names(std::move(tensors));
  TensorMap taken;
  const std::vector<TensorSpec> specs = tensor_specs(architecture);
  const bool has_head = std::all_of(specs.begin(), specs.end(), [&](const TensorSpec& spec) {
    return !is_head(architecture, spec) || fits(tensors, spec);
  });
  const auto is_wanted = [&](const TensorSpec& spec) { return has_head || !is_head(architecture, spec); };
  for (const TensorSpec& spec : specs) {
    if (!is_wanted(spec) || fits(tensors, spec)) continue;
    const std::string other = recognise(tensors);
    if (!other.empty() && other != architecture.name) {
      throw Error(ErrorKind::kInvalid, "",
                  fmt::format("these are weights of {0}, not of {1}; choose that network with --arch {0}",
                              other, architecture.name));
    }
    (void)require_tensor(tensors, spec.name, spec.shape);
  }
  for (const TensorSpec& spec : specs) {
    if (is_wanted(spec)) taken[spec.name] = std::move(tensors[spec.name]);
  }
  return taken;
}

}  // namespace winnow::model
