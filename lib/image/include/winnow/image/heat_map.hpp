#pragma once

#include <vector>

#include "winnow/image/image.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::image {

// How much each place of a part of a picture counts. Values below 0 count as 0, and the largest as 1.
struct HeatMap {
  int height = 0;
  int width = 0;
  std::vector<float> values;  // [height, width]
};

// Lays the map over that part of the picture, enlarged by cubic interpolation, in the colours of viridis:
// dark blue for nothing to yellow for most, even in brightness and told apart by the colour-blind.
// opacity in [0, 1]. Throws Error{kInvalid} if the region is not within the picture or the map is empty.
void overlay_heat(Image& picture, const Region& region, const HeatMap& map, float opacity = 0.45F);

}  // namespace winnow::image
