#pragma once

#include <vector>

#include "winnow/model/architecture.hpp"
#include "winnow/model/safetensors.hpp"

namespace winnow::model {

struct FoldedConvolution {
  std::vector<float> weight;  // [out_channels, in_channels / groups, kernel, kernel]
  std::vector<float> bias;    // [out_channels]
};

// A convolution and its batch normalisation as one convolution, in double precision:
// W' = W g / sqrt(v + e), b' = beta - m g / sqrt(v + e), per output channel; g is 1 where there is no scale.
// Throws Error{kInvalid} if tensors are missing, of another shape, or a variance is none.
[[nodiscard]] FoldedConvolution fold_convolution(const Architecture& architecture, const Layer& layer,
                                                 const TensorMap& tensors);

}  // namespace winnow::model
