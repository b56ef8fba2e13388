// Named tensors in a file: an 8-byte little-endian header length, a JSON header, raw data.
// https://github.com/huggingface/safetensors describes the format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace winnow::model {

// Row-major float32.
struct Tensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

using TensorMap = std::map<std::string, Tensor>;

struct Safetensors {
  TensorMap tensors;
  std::map<std::string, std::string> metadata;
};

// F64, F16 and BF16 become float32; integer tensors (batch counters) are passed over. Every offset is checked
// against the file before anything is read. Throws Error{kNotFound | kIo | kInvalid | kUnsupported}: missing,
// unreadable, damaged, of a type that this winnow does not read.
[[nodiscard]] Safetensors read_safetensors(const std::filesystem::path& file);

// Tensors sorted by name, contiguous, 8-byte aligned. Atomic. Throws Error{kIo}.
void write_safetensors(const std::filesystem::path& file, const Safetensors& content);

// The tensor of that name and shape. Throws Error{kInvalid} naming the file's role, for example
// "weights: _fc.weight has shape [1000, 1280], [4, 1280] was expected".
[[nodiscard]] const Tensor& require_tensor(const TensorMap& tensors, const std::string& name,
                                           const std::vector<std::int64_t>& shape);

}  // namespace winnow::model
