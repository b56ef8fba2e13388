#pragma once

#include <cstdint>
#include <span>

#include "torch_network.hpp"
#include "winnow/model/quantisation.hpp"

namespace winnow::exporting {

// Finds the range of every layer's output in which 256 steps lose least, in the mean square, over these
// pictures [n, size, size, 3], and the mean of each channel. Throws Error{kCancelled}.
[[nodiscard]] model::Quantisation calibrate(TorchNetwork& network, const model::Architecture& architecture,
                                            std::span<const std::uint8_t> pixels);

}  // namespace winnow::exporting
