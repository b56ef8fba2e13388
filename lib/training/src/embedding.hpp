#pragma once

#include <span>
#include <vector>

#include "winnow/core/bytes.hpp"
#include "winnow/image/preprocess.hpp"
#include "winnow/stats/matrix.hpp"
#include "winnow/training/train.hpp"

namespace winnow::training {

// One forward pass over every picture of the data set; those that cannot be read are dropped from it and
// recorded. onnx: the network as model::write_embedding_onnx gives it. Returns [samples, width].
[[nodiscard]] stats::Matrix embed(ByteSpan onnx, const image::Preprocessing& preprocessing,
                                  dataset::Dataset& data, std::vector<SkippedImage>& skipped,
                                  const Context& context);

}  // namespace winnow::training
