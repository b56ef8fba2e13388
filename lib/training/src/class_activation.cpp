#include "class_activation.hpp"

#include <torch/torch.h>

#include <algorithm>

#include "winnow/nn/network.hpp"
#include "winnow/nn/torch_errors.hpp"

namespace winnow::training {
namespace {

constexpr std::int64_t kBatch = 16;

// [n, width]: how the head weights the features for each picture's class.
torch::Tensor class_weights(const torch::Tensor& head, std::span<const int> classes) {
  const std::vector<std::int64_t> wanted(classes.begin(), classes.end());
  const torch::Tensor index = torch::tensor(wanted, torch::kInt64);
  const torch::Tensor weights = head.index_select(0, index);
  if (head.size(0) != 2) return weights;
  return weights - head.index_select(0, 1 - index);
}

std::vector<image::HeatMap> explain(const model::Architecture& architecture, const model::TensorMap& tensors,
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
  std::vector<image::HeatMap> maps;
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
      maps.push_back({height, width, {values, values + std::ptrdiff_t{width} * height}});
      values += std::ptrdiff_t{width} * height;
    }
  }
  return maps;
}

}  // namespace

std::vector<image::HeatMap> class_activations(const model::Architecture& architecture,
                                              const model::TensorMap& tensors, int size,
                                              std::span<const std::uint8_t> pixels,
                                              std::span<const int> classes, const Context& context) {
  if (classes.empty() || !model::has_activation_maps(architecture)) return {};
  return nn::translate_torch_errors(
      "draw heat maps", [&] { return explain(architecture, tensors, size, pixels, classes, context); });
}

}  // namespace winnow::training
