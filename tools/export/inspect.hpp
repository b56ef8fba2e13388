#pragma once

#include <string>

#include "winnow/core/bytes.hpp"

namespace winnow::tools {

// What a model file holds, as lines of text. Throws Error{kInvalid | kUnsupported}.
[[nodiscard]] std::string describe_model(ByteSpan onnx);

}  // namespace winnow::tools
