#pragma once

#include <cstdint>
#include <string>

#include "winnow/core/bytes.hpp"
#include "winnow/image/preprocess.hpp"
#include "winnow/inference/classifier.hpp"

namespace winnow::serving {

// The picture with the heat map of its best class over the part that the network saw, at most 640 pixels
// long, as JPEG in base64. Empty if it cannot be drawn. REQUIRES: the prediction carries an activation map.
[[nodiscard]] std::string draw_explanation(ByteSpan picture, const inference::Prediction& prediction,
                                           const image::Preprocessing& preprocessing,
                                           std::uint64_t max_pixels);

}  // namespace winnow::serving
