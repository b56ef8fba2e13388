// The numbers that learning changes, side by side in memory, and the rule that changes them.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "winnow/nn/network.hpp"

namespace winnow::training {

struct OptimizerOptions {
  double weight_decay = 0.05;  // of weights; normalisations and biases are spared
  double head_factor = 1;      // the head's learning rate, as a multiple of the backbone's
  double max_gradient_norm = 1;
  double max_average = 0.998;  // how much of the running average stays at each step, in the long run
};

// AdamW (Loshchilov & Hutter 2019) over one flat buffer in which all tensors of a network lie: clipping, the
// update, the running average of weights and statistics, and a sum over processes are a few passes over
// contiguous memory instead of some for each tensor. Not thread-safe.
class Optimizer {
 public:
  // Moves the tensors of the network into the buffer. The network has to outlive it.
  Optimizer(nn::Network& network, const OptimizerOptions& options);

  void zero_gradient() { gradient_.zero_(); }
  // [parameters]. Where processes train together, their gradients are summed up in place here, between the
  // backward pass and step().
  [[nodiscard]] torch::Tensor& gradient() { return gradient_; }

  // Clips the gradient to max_gradient_norm and returns the norm it had. Without effect if that is not
  // finite.
  double step(double learning_rate);

  // Puts other weights and statistics into the network for as long as the object lives.
  class UseWeights {
   public:
    // values: as from average().
    UseWeights(Optimizer& optimizer, const torch::Tensor& values);
    ~UseWeights();
    UseWeights(const UseWeights&) = delete;
    UseWeights& operator=(const UseWeights&) = delete;

   private:
    Optimizer& optimizer_;
    const torch::Tensor kept_;
  };

  // The running average of weights and of what does not learn, such as statistics: [parameters + fixed].
  [[nodiscard]] const torch::Tensor& average() const { return average_; }

  // What a resumed run needs besides the network's own tensors. The tensors are those in use, not copies.
  struct State {
    torch::Tensor weights;  // and what does not learn: [parameters + fixed]
    torch::Tensor average, first_moment, second_moment;
    std::int64_t steps = 0;
  };
  [[nodiscard]] State state() const { return {weights_, average_, first_moment_, second_moment_, steps_}; }
  void restore_steps(std::int64_t steps) { steps_ = steps; }

 private:
  struct Part {
    std::int64_t begin, end;
    double weight_decay;
    bool is_head;
  };

  const OptimizerOptions options_;
  std::vector<Part> parts_;
  std::int64_t parameters_ = 0;
  torch::Tensor weights_;   // [parameters + fixed]
  torch::Tensor average_;   // the same
  torch::Tensor gradient_;  // [parameters]
  torch::Tensor first_moment_, second_moment_;
  std::int64_t steps_ = 0;
};

}  // namespace winnow::training
