// A model::Architecture that LibTorch runs, for training and for checking what export wrote.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "winnow/model/architecture.hpp"
#include "winnow/model/safetensors.hpp"
#include "winnow/nn/team.hpp"

namespace winnow::nn {

struct NetworkOutput {
  torch::Tensor features;   // [n, embedding_size, h, w]
  torch::Tensor embedding;  // [n, embedding_size]
  torch::Tensor logits;     // [n, classes]; undefined if the network has no classes
};

// Train or eval mode decides whether batch normalisation uses the batch's statistics; in eval mode, and in
// train mode with frozen statistics, it is folded into the convolutions, so that it costs nothing. One thread
// at a time.
class Network : public torch::nn::Module {
 public:
  // Weights start at random from torch's generator: He et al. 2015 for convolutions, zero for the head's
  // bias.
  explicit Network(model::Architecture architecture);

  // Before training from scratch: lets layers that start so whiten the patches of these pictures, uint8
  // [n, height, width, 3] of which a few thousand are enough; they never learn. Without such layers nothing.
  void whiten(const torch::Tensor& pixels);

  // pixels: uint8 [n, height, width, 3]; normalised here, as in the exported graph.
  // observe, if given, sees what each layer gives, after its activation, by the layer's index; eval mode
  // only.
  using Observer = std::function<void(std::size_t, const torch::Tensor&)>;
  [[nodiscard]] NetworkOutput forward(const torch::Tensor& pixels, const Observer& observe = {});

  // Takes over every tensor of the network. Throws Error{kInvalid} if one is missing or of another shape.
  void load(const model::TensorMap& tensors);
  // The same without the head, for a network that gets a head of its own.
  void load_backbone(const model::TensorMap& tensors);
  [[nodiscard]] model::TensorMap state() const;

  // While training, batch normalisation uses its running statistics and leaves them as they are. Its weights
  // and biases learn all the same. For fine-tuning on few pictures or in small batches.
  void freeze_statistics(bool freeze) { statistics_are_frozen_ = freeze; }

  // While training, the batch is the whole team's, also for the statistics of batch normalisation. The team
  // has to outlive the network. Then forward and backward throw as Team.
  void train_with(Team& team) { team_ = team.size() > 1 ? &team : nullptr; }

  [[nodiscard]] const model::Architecture& architecture() const { return architecture_; }
  // What does not learn: the running means and variances of batch normalisation, and weights that whiten. In
  // a fixed order.
  [[nodiscard]] std::vector<torch::Tensor> fixed_tensors() const;

 private:
  [[nodiscard]] torch::Tensor normalise(const torch::Tensor& pixels) const;
  // Of layer `index`, with its activation unless a depthwise convolution reads it and will apply that.
  [[nodiscard]] torch::Tensor run_convolution(std::size_t index, const torch::Tensor& input) const;
  [[nodiscard]] bool is_folded() const { return !is_training() || statistics_are_frozen_; }
  [[nodiscard]] const torch::Tensor& tensor(const std::string& name) const { return tensors_.at(name); }

  const model::Architecture architecture_;
  const std::vector<int> depthwise_readers_;
  bool statistics_are_frozen_ = false;
  Team* team_ = nullptr;        // null: alone
  torch::Tensor mean_, scale_;  // [3], of the pixels
  // By their names in files, which contain dots and so cannot be torch's names.
  std::map<std::string, torch::Tensor> tensors_;
};

}  // namespace winnow::nn
