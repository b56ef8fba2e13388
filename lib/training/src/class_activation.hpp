#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "winnow/core/context.hpp"
#include "winnow/image/heat_map.hpp"
#include "winnow/model/architecture.hpp"
#include "winnow/model/safetensors.hpp"

namespace winnow::training {

// Class activation maps (Zhou et al. 2016, arXiv:1512.04150): the last feature maps, weighted as the head
// weights their means, without what is below zero. For a network that ends with a mean and a linear layer
// that is Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391) without a backward pass. With two classes it is
// the evidence for the one against the other. pixels: [n, size, size, 3] as image::decode_and_preprocess
// gives them; classes: [n], the class to explain for each. Returns n maps of values in [0, 1], 1 the most;
// all 0 if nothing speaks for the class; none if the network ends otherwise.
[[nodiscard]] std::vector<image::HeatMap> class_activations(const model::Architecture& architecture,
                                                            const model::TensorMap& tensors, int size,
                                                            std::span<const std::uint8_t> pixels,
                                                            std::span<const int> classes,
                                                            const Context& context);

}  // namespace winnow::training
