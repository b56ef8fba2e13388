#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <span>

#include "batch_stream.hpp"
#include "optimizer.hpp"
#include "trainer.hpp"
#include "winnow/nn/network.hpp"
#include "winnow/nn/team.hpp"

namespace winnow::training {

// A network and what changes it, one batch at a time. One thread at a time.
class Learner {
 public:
  // weights: null for random ones, drawn by options.seed; layers that whiten then take their weights from
  // pictures, uint8 [n, side, side, 3] or undefined. Options and team have to outlive it.
  Learner(const model::Architecture& architecture, const model::TensorMap* weights,
          const TrainerOptions& options, nn::Team& team, std::size_t steps_per_epoch,
          const torch::Tensor& pictures = {});

  // batch: this process's part of it. Returns the loss of the whole batch; if that, or the gradient, is not a
  // number, the weights stay as they are.
  double step(const TrainingBatch& batch, double learning_rate);

  // pixels: uint8 [n, side, side, 3]. Returns logits [n, classes], float32, on the device. The caller decides
  // on train or eval mode.
  [[nodiscard]] torch::Tensor forward(std::span<const std::uint8_t> pixels, int side);

  [[nodiscard]] nn::Network& network() { return network_; }
  [[nodiscard]] Optimizer& optimizer() { return optimizer_; }

 private:
  nn::Network& prepared(const model::TensorMap* weights, const torch::Tensor& pictures);

  const TrainerOptions& options_;
  nn::Team& team_;
  const torch::Device device_;
  nn::Network network_;
  Optimizer optimizer_;
};

}  // namespace winnow::training
