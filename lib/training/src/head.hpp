// The last layer of a network, as the linear model that it is.
#pragma once

#include "winnow/model/architecture.hpp"
#include "winnow/model/safetensors.hpp"
#include "winnow/stats/logistic_regression.hpp"

namespace winnow::training {

// Moves the head out of the tensors of a network. Throws Error{kInvalid} if it is not there.
[[nodiscard]] stats::LinearModel take_head(const model::Architecture& architecture,
                                           model::TensorMap& tensors);

// The tensors of a network with this head.
[[nodiscard]] model::TensorMap with_head(model::TensorMap backbone, const model::Architecture& architecture,
                                         const stats::LinearModel& head);

}  // namespace winnow::training
