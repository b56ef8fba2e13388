// A network in 8 bits: what of it is rounded, and to which steps. Nagel et al. 2021, "A White Paper on Neural
// Network Quantization", arXiv:2106.08295.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include "winnow/model/architecture.hpp"

namespace winnow::model {

// The numbers that a tensor is held in, 256 of them from low to high. low <= 0 <= high, so that padding is
// exact.
struct QuantisedRange {
  float low = 0;
  float high = 0;
};

// value = (step - zero) * scale, with step from 0 to 255.
struct QuantisedSteps {
  float scale = 1;
  std::uint8_t zero = 0;
};
[[nodiscard]] QuantisedSteps steps_of(const QuantisedRange& range);
// Of normalised pixels: known without looking at any.
[[nodiscard]] QuantisedRange pixel_range(const Architecture& architecture);

// Weights of one output channel after another, symmetric: value = step * scale of its channel.
struct QuantisedWeights {
  std::vector<std::int8_t> steps;
  std::vector<float> scales;  // [channels]
};
[[nodiscard]] QuantisedWeights quantise_weights(std::span<const float> weights, std::size_t channels);

struct Quantisation {
  // Of each layer's output, after its activation. A ReLU's or ReLU6's ends are then the ends of its range.
  std::vector<QuantisedRange> outputs;
  // The mean of each output channel, which corrects what rounding the next layer's weights moves: Nagel et
  // al. 2019, arXiv:1906.04721, section 4.2.
  std::vector<std::vector<float>> means;
  std::set<int> in_float;  // layers that lose too much in 8 bits
};

// Layers that 8 bits are possible for: those with weights, and additions.
[[nodiscard]] std::vector<int> quantisable_layers(const Architecture& architecture);

}  // namespace winnow::model
