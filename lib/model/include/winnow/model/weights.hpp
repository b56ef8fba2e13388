// Weights that others trained, for our networks.
#pragma once

#include "winnow/model/architecture.hpp"
#include "winnow/model/safetensors.hpp"

namespace winnow::model {

// What the network needs of a weight file's tensors, under its own names. Understands the names of
// torchvision, of timm (its tf_efficientnet_lite networks too) and of the weight files that winnow fetches,
// each also behind "module." Tensors that the network does not need are passed over, and so is a head for
// other classes. Throws Error{kInvalid}: a tensor is missing or of another shape; names the network that the
// weights seem to be of where there is one.
[[nodiscard]] TensorMap take_weights(const Architecture& architecture, TensorMap tensors);

}  // namespace winnow::model
