#pragma once

#include "winnow/image/heat_map.hpp"
#include "winnow/inference/classifier.hpp"

namespace winnow::inference {

// Where in the square that the network saw the evidence for its best class lies; of two classes, the evidence
// for that one against the other. Selvaraju et al. 2017, arXiv:1610.02391.
// REQUIRES: the prediction carries an activation map.
[[nodiscard]] image::HeatMap explain(const Prediction& prediction);

}  // namespace winnow::inference
