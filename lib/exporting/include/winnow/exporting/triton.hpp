#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "winnow/core/bytes.hpp"

namespace winnow::exporting {

// Puts an ONNX file of ours into a model repository of NVIDIA's Triton Inference Server, as its only version:
// REPOSITORY/NAME/{config.pbtxt,labels.txt,1/model.onnx}. The folder appears whole or not at all. Returns it.
// name: letters, digits, '_', '-' and '.', the first a letter or digit. Throws Error{kUsage} for another one,
// and if there is a model of this name; Error{kInvalid | kIo}.
std::filesystem::path add_to_triton_repository(ByteSpan onnx, const std::string& name,
                                               const std::filesystem::path& repository);

}  // namespace winnow::exporting
