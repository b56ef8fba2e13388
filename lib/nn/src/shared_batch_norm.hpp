#pragma once

#include <torch/torch.h>

#include "winnow/nn/team.hpp"

namespace winnow::nn {

// Batch normalisation in training (Ioffe & Szegedy 2015) by the mean and variance of the whole batch of which
// each process holds a part, so that a team learns what a single process would. input: [n, channels, h, w], n
// of this process; scale: [channels] or undefined; bias, running_mean, running_var: [channels]. The running
// statistics move towards the batch's by `momentum`. Throws as Team, also while gradients are computed.
torch::Tensor shared_batch_norm(const torch::Tensor& input, const torch::Tensor& scale,
                                const torch::Tensor& bias, torch::Tensor running_mean,
                                torch::Tensor running_var, double momentum, double epsilon, Team& team);

}  // namespace winnow::nn
