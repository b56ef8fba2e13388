#pragma once

#include <string>

#include "winnow/core/bytes.hpp"
#include "winnow/core/json.hpp"

namespace winnow::tools {

// What a model file holds, as aligned lines of text. Throws Error{kInvalid | kUnsupported}.
[[nodiscard]] std::string describe_model(ByteSpan onnx);

// The same for programs, with the documents that are in the metadata as they are.
[[nodiscard]] Json describe_model_as_json(ByteSpan onnx);

}  // namespace winnow::tools
