// A thin writer of ONNX protobuf messages: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "winnow/core/bytes.hpp"

namespace winnow::model {

// Values of TensorProto.DataType.
enum class OnnxType : std::int32_t { kFloat = 1, kUint8 = 2, kInt8 = 3, kInt32 = 6, kInt64 = 7 };

struct OnnxAttribute {
  std::string name;
  std::variant<std::int64_t, float, std::vector<std::int64_t>> value;
};

// A dimension is a number, or a name for one that the caller chooses.
using OnnxDimension = std::variant<std::int64_t, std::string>;

class OnnxGraph {
 public:
  // Adds a node and returns the name of its output.
  std::string node(std::string_view op, const std::vector<std::string>& inputs, const std::string& output,
                   const std::vector<OnnxAttribute>& attributes = {},
                   const std::vector<std::string>& more_outputs = {});
  // Adds constants and returns their name. raw is little-endian, row-major.
  std::string floats(const std::string& name, const std::vector<std::int64_t>& shape,
                     std::span<const float> values);
  std::string integers(const std::string& name, std::span<const std::int64_t> values);
  std::string int32s(const std::string& name, const std::vector<std::int64_t>& shape,
                     std::span<const std::int32_t> values);
  std::string uint8s(const std::string& name, const std::vector<std::int64_t>& shape,
                     std::span<const std::uint8_t> values);
  std::string int8s(const std::string& name, const std::vector<std::int64_t>& shape,
                    std::span<const std::int8_t> values);
  void input(const std::string& name, OnnxType type, const std::vector<OnnxDimension>& shape);
  void output(const std::string& name, OnnxType type, const std::vector<OnnxDimension>& shape);

  // The serialised ModelProto. To the metadata it adds the hash of the graph under hash_key, if that is not
  // empty.
  [[nodiscard]] Bytes serialise(const std::string& graph_name,
                                const std::map<std::string, std::string>& metadata,
                                const std::string& hash_key = {}) const;

 private:
  std::string nodes_;  // GraphProto fields, already encoded
  std::string initializers_;
  std::string inputs_;
  std::string outputs_;
};

}  // namespace winnow::model
