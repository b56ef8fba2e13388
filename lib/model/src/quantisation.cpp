#include "winnow/model/quantisation.hpp"

#include <algorithm>
#include <cmath>

namespace winnow::model {

QuantisedSteps steps_of(const QuantisedRange& range) {
  // A tensor that is zero everywhere still needs a scale.
  const float width = std::max(range.high - range.low, 1e-6F);
  const float scale = width / 255;
  const float zero = std::clamp(std::nearbyint(-range.low / scale), 0.0F, 255.0F);
  return {scale, static_cast<std::uint8_t>(zero)};
}

QuantisedRange pixel_range(const Architecture& architecture) {
  QuantisedRange range;
  for (std::size_t c = 0; c < 3; ++c) {
    range.low = std::min(range.low, -architecture.mean[c] / architecture.scale[c]);
    range.high = std::max(range.high, (255 - architecture.mean[c]) / architecture.scale[c]);
  }
  return range;
}

QuantisedWeights quantise_weights(std::span<const float> weights, std::size_t channels) {
  QuantisedWeights result;
  result.steps.reserve(weights.size());
  const std::size_t per_channel = weights.size() / channels;
  for (std::size_t c = 0; c < channels; ++c) {
    const std::span<const float> channel = weights.subspan(c * per_channel, per_channel);
    float largest = 0;
    for (const float value : channel) largest = std::max(largest, std::abs(value));
    const float scale = std::max(largest, 1e-12F) / 127;
    result.scales.push_back(scale);
    for (const float value : channel) {
      result.steps.push_back(
          static_cast<std::int8_t>(std::clamp(std::nearbyint(value / scale), -127.0F, 127.0F)));
    }
  }
  return result;
}

std::vector<int> quantisable_layers(const Architecture& architecture) {
  std::vector<int> layers;
  for (std::size_t i = 0; i < architecture.layers.size(); ++i) {
    const Layer::Kind kind = architecture.layers[i].kind;
    if (kind == Layer::Kind::kConvolution || kind == Layer::Kind::kLinear || kind == Layer::Kind::kAdd) {
      layers.push_back(static_cast<int>(i));
    }
  }
  return layers;
}

}  // namespace winnow::model
