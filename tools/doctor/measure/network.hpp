#pragma once

#include "winnow/core/json.hpp"

namespace winnow::tools {

// Figures of the network that heads are trained on, with drawn weights: its speed does not depend on them.
// Throws Error{kUnsupported} in a build without OpenVINO.
[[nodiscard]] Json measure_network(unsigned threads);

}  // namespace winnow::tools
