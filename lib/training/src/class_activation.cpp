#include "class_activation.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "winnow/nn/network.hpp"
#include "winnow/nn/torch_errors.hpp"

namespace winnow::training {
namespace {

constexpr std::int64_t kBatch = 16;
constexpr float kStrongest = 0.65F;  // how much of a pixel the brightest colour covers
constexpr float kOutside = 0.45F;    // brightness of what the network does not see

using model::Layer;

// Whether the logits are a linear layer of the mean of the features.
bool can_explain(const model::Architecture& architecture) {
  const std::size_t count = architecture.layers.size();
  if (architecture.classes < 2 || count < 2) return false;
  const Layer& head = architecture.layers[count - 1];
  const Layer& embedding = architecture.layers[static_cast<std::size_t>(architecture.embedding)];
  return head.kind == Layer::Kind::kLinear && head.inputs == std::vector{architecture.embedding} &&
         embedding.kind == Layer::Kind::kMeanPool && embedding.inputs == std::vector{architecture.features};
}

// [n, width]: how the head weights the features for each picture's class.
torch::Tensor class_weights(const torch::Tensor& head, std::span<const int> classes) {
  const std::vector<std::int64_t> wanted(classes.begin(), classes.end());
  const torch::Tensor index = torch::tensor(wanted, torch::kInt64);
  const torch::Tensor weights = head.index_select(0, index);
  if (head.size(0) != 2) return weights;
  return weights - head.index_select(0, 1 - index);
}

std::vector<ActivationMap> explain(const model::Architecture& architecture, const model::TensorMap& tensors,
                                   std::int64_t size, std::span<const std::uint8_t> pixels,
                                   std::span<const int> classes, const Context& context) {
  torch::set_num_threads(static_cast<int>(context.threads));
  const torch::NoGradGuard no_grad;
  nn::Network network(architecture);
  network.load(tensors);
  network.eval();
  const model::Tensor& head = tensors.at(architecture.head + ".weight");
  const torch::Tensor weights =
      class_weights(torch::from_blob(const_cast<float*>(head.values.data()), head.shape), classes);
  const auto count = static_cast<std::int64_t>(classes.size());
  const torch::Tensor all =
      torch::from_blob(const_cast<std::uint8_t*>(pixels.data()), {count, size, size, 3}, torch::kUInt8);
  std::vector<ActivationMap> maps;
  for (std::int64_t begin = 0; begin < count; begin += kBatch) {
    throw_if_stopped(context.stop);
    const std::int64_t n = std::min(kBatch, count - begin);
    const torch::Tensor features = network.forward(all.narrow(0, begin, n)).features;
    torch::Tensor evidence =
        (features * weights.narrow(0, begin, n).unsqueeze(2).unsqueeze(3)).sum(1).relu_().contiguous();
    evidence /= evidence.amax({1, 2}, true).clamp_min(1e-12);
    const auto height = static_cast<int>(evidence.size(1));
    const auto width = static_cast<int>(evidence.size(2));
    const auto* values = evidence.data_ptr<float>();
    for (std::int64_t i = 0; i < n; ++i) {
      maps.push_back({width, height, {values, values + std::ptrdiff_t{width} * height}});
      values += std::ptrdiff_t{width} * height;
    }
  }
  return maps;
}

// Bilinear between the centres of cells; x and y in [0, 1] over the map.
float value_at(const ActivationMap& map, double x, double y) {
  const auto place = [](double at, int cells) { return std::clamp(at * cells - 0.5, 0.0, cells - 1.0); };
  const double column = place(x, map.width);
  const double row = place(y, map.height);
  const int left = static_cast<int>(column);
  const int top = static_cast<int>(row);
  const int right = std::min(left + 1, map.width - 1);
  const int bottom = std::min(top + 1, map.height - 1);
  const auto cell = [&](int r, int c) {
    return static_cast<double>(map.values[static_cast<std::size_t>(r * map.width + c)]);
  };
  const double above = std::lerp(cell(top, left), cell(top, right), column - left);
  const double below = std::lerp(cell(bottom, left), cell(bottom, right), column - left);
  return static_cast<float>(std::lerp(above, below, row - top));
}

// Dark violet over red to yellow: rising in brightness, so that it can be told apart without colour too.
std::array<float, 3> colour_of(float value) {
  constexpr std::array<std::array<float, 3>, 4> kStops = {
      {{60, 15, 110}, {190, 45, 90}, {245, 130, 40}, {255, 240, 120}}};
  const float at = std::clamp(value, 0.0F, 1.0F) * (kStops.size() - 1);
  const std::size_t low = std::min(static_cast<std::size_t>(at), kStops.size() - 2);
  std::array<float, 3> colour{};
  for (std::size_t c = 0; c < 3; ++c) {
    colour[c] = std::lerp(kStops[low][c], kStops[low + 1][c], at - static_cast<float>(low));
  }
  return colour;
}

}  // namespace

std::vector<ActivationMap> class_activations(const model::Architecture& architecture,
                                             const model::TensorMap& tensors, int size,
                                             std::span<const std::uint8_t> pixels,
                                             std::span<const int> classes, const Context& context) {
  if (classes.empty() || !can_explain(architecture)) return {};
  return nn::translate_torch_errors(
      "draw heat maps", [&] { return explain(architecture, tensors, size, pixels, classes, context); });
}

image::Image draw_over(const image::Image& picture, const image::Region& region, const ActivationMap& map) {
  image::Image drawn(picture.width(), picture.height());
  for (int y = 0; y < picture.height(); ++y) {
    for (int x = 0; x < picture.width(); ++x) {
      const std::uint8_t* source = picture.row(y) + std::ptrdiff_t{3} * x;
      std::uint8_t* target = drawn.row(y) + std::ptrdiff_t{3} * x;
      const double across = (x - region.left + 0.5) / region.width;
      const double down = (y - region.top + 0.5) / region.height;
      const bool seen = across > 0 && across < 1 && down > 0 && down < 1;
      const float value = seen ? value_at(map, across, down) : 0;
      const std::array<float, 3> colour = colour_of(value);
      for (std::size_t c = 0; c < 3; ++c) {
        const auto plain = static_cast<float>(source[c]);
        const float mixed = seen ? std::lerp(plain, colour[c], kStrongest * value) : plain * kOutside;
        target[c] = static_cast<std::uint8_t>(std::lround(mixed));
      }
    }
  }
  return drawn;
}

}  // namespace winnow::training
