// Depthwise convolution of one picture and sixteen channels, forward and backward. Pixels lie `channels`
// values apart (the channels-last layout), as float or as bfloat16 bits; sums are float. LibTorch's own
// backward pass in bfloat16 takes ten times as long as these. Thread-safe.
#pragma once

#include <cstdint>

namespace winnow::nn {

inline constexpr std::int64_t kDepthwiseBlock = 16;  // channels at a time

struct DepthwiseShape {
  std::int64_t height, width;          // of the input
  std::int64_t out_height, out_width;  // of the output
  std::int64_t channels;               // a multiple of kDepthwiseBlock
  int kernel;                          // 3 or 5
  int stride;                          // 1 or 2
  int pad_top, pad_left;               // what lies outside counts as 0
};

// max(0, min(value, high)) if on, and no gradient where that changes the value.
struct Clip {
  bool on = false;
  float high = 0;
};

using BFloat16Bits = std::uint16_t;

// weight: [kernel * kernel] rows of `channels` values, of which the first sixteen count; bias: [16].
// x is clipped in place first, which saves a pass over memory.
void depthwise_forward(const DepthwiseShape& shape, float* x, Clip clip_input, const float* weight,
                       const float* bias, Clip clip_output, float* y);
void depthwise_forward(const DepthwiseShape& shape, BFloat16Bits* x, Clip clip_input, const float* weight,
                       const float* bias, Clip clip_output, BFloat16Bits* y);

// Adds to weight_gradient [kernel * kernel, 16] and bias_gradient [16]. clipped: what forward gave where
// its output was clipped, else null; the gradient before clipping then goes to unclipped.
void depthwise_weight_gradient(const DepthwiseShape& shape, const float* x, const float* gradient,
                               const float* clipped, Clip clip, float* unclipped, float* weight_gradient,
                               float* bias_gradient);
void depthwise_weight_gradient(const DepthwiseShape& shape, const BFloat16Bits* x,
                               const BFloat16Bits* gradient, const BFloat16Bits* clipped, Clip clip,
                               BFloat16Bits* unclipped, float* weight_gradient, float* bias_gradient);

// x: as forward left it.
void depthwise_input_gradient(const DepthwiseShape& shape, const float* gradient, const float* weight,
                              const float* x, Clip clip_input, float* x_gradient);
void depthwise_input_gradient(const DepthwiseShape& shape, const BFloat16Bits* gradient, const float* weight,
                              const BFloat16Bits* x, Clip clip_input, BFloat16Bits* x_gradient);

}  // namespace winnow::nn
