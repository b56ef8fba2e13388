#include "torch_network.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "winnow/core/error.hpp"
#include "winnow/exporting/export_onnx.hpp"
#include "winnow/nn/network.hpp"
#include "winnow/nn/torch_errors.hpp"

namespace winnow::exporting {
namespace {

constexpr std::int64_t kBatch = 8;

}  // namespace

struct TorchNetwork::State {
  const Context& context;
  nn::Network network;
  std::int64_t side;
  double temperature;

  // work(pixels of a batch, index of its first picture, pictures in all)
  template <class Work>
  void for_batches(std::span<const std::uint8_t> pixels, const Work& work) const {
    nn::translate_torch_errors("run the network", [&] {
      const torch::NoGradGuard no_grad;
      const torch::Tensor all = torch::from_blob(
          const_cast<std::uint8_t*>(pixels.data()),
          {static_cast<std::int64_t>(pixels.size()) / (3 * side * side), side, side, 3}, torch::kUInt8);
      for (std::int64_t first = 0; first < all.size(0); first += kBatch) {
        throw_if_stopped(context.stop);
        work(all.narrow(0, first, std::min(kBatch, all.size(0) - first)), first, all.size(0));
      }
    });
  }
};

TorchNetwork::TorchNetwork(const model::Architecture& architecture, const model::Checkpoint& checkpoint,
                           const Context& context)
    : state_(std::make_unique<State>(State{context, nn::Network(architecture),
                                           checkpoint.metadata.preprocessing.size,
                                           checkpoint.metadata.temperature})) {
  torch::set_num_threads(static_cast<int>(context.threads));
  state_->network.load(checkpoint.tensors);
  state_->network.eval();
}

TorchNetwork::~TorchNetwork() = default;

stats::Matrix TorchNetwork::logits(std::span<const std::uint8_t> pixels) {
  stats::Matrix result;
  state_->for_batches(pixels, [&](const torch::Tensor& batch, std::int64_t first, std::int64_t count) {
    const torch::Tensor values =
        (state_->network.forward(batch).logits / state_->temperature).to(torch::kFloat32).contiguous();
    const auto columns = static_cast<std::size_t>(values.size(1));
    if (first == 0) result = stats::Matrix(static_cast<std::size_t>(count), columns);
    std::copy_n(values.data_ptr<float>(), values.numel(),
                result.values().begin() + first * static_cast<std::int64_t>(columns));
  });
  return result;
}

void TorchNetwork::observe(std::span<const std::uint8_t> pixels, const Observer& see) {
  state_->for_batches(pixels, [&](const torch::Tensor& batch, std::int64_t, std::int64_t) {
    (void)state_->network.forward(batch, [&](std::size_t layer, const torch::Tensor& output) {
      const torch::Tensor rows =
          (output.dim() == 4 ? output.permute({0, 2, 3, 1}) : output).to(torch::kFloat32).contiguous();
      see(layer, {rows.data_ptr<float>(), static_cast<std::size_t>(rows.numel())},
          static_cast<std::size_t>(rows.size(-1)));
    });
  });
}

void require_close(double largest_difference) {
  if (largest_difference <= kMaxDifference) return;
  throw Error(
      ErrorKind::kInvalid, "",
      fmt::format("the exported model differs from the trained one by {:.2g}, more than {:g}; nothing was "
                  "written",
                  largest_difference, kMaxDifference));
}

}  // namespace winnow::exporting
