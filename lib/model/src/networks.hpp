// The networks that make_architecture knows, one function each. classes 0: without a head.
#pragma once

#include "winnow/model/architecture.hpp"

namespace winnow::model {

// variant: 0, 1 or 2.
[[nodiscard]] Architecture efficientnet_lite(int variant, int classes);
// depth: 18 or 50.
[[nodiscard]] Architecture resnet(int depth, int classes);
[[nodiscard]] Architecture small_resnet(int classes, int size);
[[nodiscard]] Architecture airbench(int classes);
[[nodiscard]] Architecture doom68(int classes, int size);

}  // namespace winnow::model
