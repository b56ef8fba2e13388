#include "winnow/inference/explanation.hpp"

#include <algorithm>

namespace winnow::inference {

image::HeatMap explain(const Prediction& prediction) {
  const std::vector<float>& p = prediction.probabilities;
  const ActivationMap& map = prediction.activation_map;
  const std::size_t places = static_cast<std::size_t>(map.height) * static_cast<std::size_t>(map.width);
  const auto best = static_cast<std::size_t>(std::max_element(p.begin(), p.end()) - p.begin());
  image::HeatMap heat{map.height, map.width, {}};
  for (std::size_t i = 0; i < places; ++i) {
    float value = map.values[best * places + i];
    if (p.size() == 2) value -= map.values[(1 - best) * places + i];
    heat.values.push_back(value);
  }
  return heat;
}

}  // namespace winnow::inference
