// Weights that a formula gives, so that other software can compute what a network should answer without a
// file of weights. For tests that link winnow_model.
#pragma once

#include <cmath>
#include <cstdint>

#include "winnow/model/architecture.hpp"
#include "winnow/model/safetensors.hpp"

namespace winnow::test {

// In [-1, 1), for a place in the tensor of that index.
inline double mixed(std::uint32_t place, std::uint32_t index) {
  std::uint32_t x = place * 0x9E3779B9U + index * 0x85EBCA6BU + 1;
  x = (x ^ (x >> 16)) * 0x85EBCA6BU;
  x = (x ^ (x >> 13)) * 0xC2B2AE35U;
  return (x ^ (x >> 16)) / 2147483648.0 - 1;
}

// As golden_logits.py fills PyTorch's networks: what keeps the numbers inside a deep network near 1.
inline model::TensorMap formula_weights(const model::Architecture& architecture) {
  model::TensorMap tensors;
  std::uint32_t index = 0;
  for (const model::TensorSpec& spec : model::tensor_specs(architecture)) {
    std::int64_t count = 1;
    for (const std::int64_t extent : spec.shape) count *= extent;
    const bool is_vector = spec.shape.size() == 1;
    const double inputs = static_cast<double>(count) / static_cast<double>(spec.shape[0]);
    model::Tensor& tensor = tensors[spec.name];
    tensor.shape = spec.shape;
    for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(count); ++i) {
      const double u = mixed(i, index);
      double value = 0.1 * u;
      if (spec.name.ends_with(".running_var")) {
        value = 1 + 0.5 * u;
      } else if (is_vector && spec.name.ends_with(".weight")) {
        value = 0.75 + 0.25 * u;
      } else if (!is_vector) {
        value = u * std::sqrt(6 / inputs);
      }
      tensor.values.push_back(static_cast<float>(value));
    }
    ++index;
  }
  return tensors;
}

}  // namespace winnow::test
