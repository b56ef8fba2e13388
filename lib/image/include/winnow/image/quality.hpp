// Whether a picture is worth learning from, by its pixels alone. Measures and thresholds are those of
// CleanVision (github.com/cleanlab/cleanvision), so that its users find what they know.
#pragma once

#include "winnow/image/image.hpp"

namespace winnow::image {

// Scores in [0, 1]; low is bad.
struct Quality {
  float dark = 1;              // brightness of the brightest hundredth
  float light = 1;             // 1 - brightness of the darkest twentieth
  float odd_aspect_ratio = 1;  // shorter side / longer side
  float low_information = 1;   // entropy of the colour values, 10 bits being 1
  float blurry = 1;            // how much the edges vary
  bool grey = false;           // no pixel has a colour
};

// A score below these is an issue.
inline constexpr Quality kQualityThresholds = {
    .dark = 0.32F, .light = 0.05F, .odd_aspect_ratio = 0.35F, .low_information = 0.3F, .blurry = 0.29F};

// Works on a reduced copy, so that a large picture takes hardly longer than a small one. Thread-safe. image
// must not be empty.
[[nodiscard]] Quality measure_quality(const Image& image);

}  // namespace winnow::image
