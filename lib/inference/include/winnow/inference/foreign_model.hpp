#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "winnow/image/preprocess.hpp"

namespace winnow::inference {

// What one has to know of an ONNX file that winnow-export did not write, to ask it about pictures. Its input
// has to be one of RGB pictures, [n, 3, h, w] or [n, h, w, 3], and one of its outputs [n, labels].
struct ForeignModel {
  // (value - mean) / scale of pixels from 0 to 255, per channel, as the network was trained with.
  struct Normalisation {
    std::array<float, 3> mean{};
    std::array<float, 3> scale{};  // above 0
  };

  std::vector<std::string> labels;             // in the order of the outputs
  std::optional<Normalisation> normalisation;  // may be missing only where the graph takes uint8
  int size = 0;                                // 0: as the graph says
  image::Fit fit = image::Fit::kCrop;
  double crop_fraction = image::Preprocessing{}.crop_fraction;
};

}  // namespace winnow::inference
