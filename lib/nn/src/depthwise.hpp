#pragma once

#include <torch/torch.h>

#include "depthwise_kernels.hpp"

namespace winnow::nn {

// Whether depthwise_convolution() can do it: 3x3 or 5x5, whole blocks of channels, float32 or bfloat16 on a
// CPU.
[[nodiscard]] bool is_depthwise_supported(const torch::Tensor& input, int kernel);

// A depthwise convolution with what stands before and after it. input: [n, c, h, w]; it is clipped in place,
// so nobody else may need it as it was. weight: [c, 1, k, k], bias: [c], both float32. shape: of one picture;
// its sizes must fit the input. Returns [n, c, out_height, out_width], in the type of the input, channels
// last. Differentiable once, with equal results for any number of threads.
[[nodiscard]] torch::Tensor depthwise_convolution(const torch::Tensor& input, Clip clip_input,
                                                  const torch::Tensor& weight, const torch::Tensor& bias,
                                                  Clip clip_output, const DepthwiseShape& shape);

}  // namespace winnow::nn
