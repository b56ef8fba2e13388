#pragma once

#include <memory>
#include <openvino/core/model.hpp>

#include "winnow/inference/foreign_model.hpp"

namespace winnow::inference {

// Gives somebody else's network the input and outputs of ours: "images", uint8 [n, size, size, 3], "logits"
// and "probabilities", [n, labels]. Throws Error{kUnsupported} that says what to give, or why it cannot be.
void adapt_foreign_graph(std::shared_ptr<ov::Model>& model, const ForeignModel& foreign);

}  // namespace winnow::inference
