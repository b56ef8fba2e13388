// Reads an ONNX file back, as far as winnow writes it. Throws std::runtime_error on anything else.
// Field numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "winnow/core/bytes.hpp"

namespace winnow::model {

struct ReadAttribute {
  int type = 0;  // 1 float, 2 int, 7 ints
  float real = 0;
  std::int64_t number = 0;
  std::vector<std::int64_t> numbers;
};

struct ReadNode {
  std::string op;
  std::string name;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::map<std::string, ReadAttribute> attributes;
};

struct ReadTensor {
  int type = 0;  // 1 float, 3 int8, 7 int64
  std::vector<std::int64_t> shape;
  std::vector<float> floats;
  std::vector<std::int64_t> integers;
};

// An input or output of the graph; dimensions as text, such as "n" or "224".
struct ReadValue {
  std::string name;
  int type = 0;
  std::vector<std::string> shape;
};

struct ReadModel {
  std::int64_t ir_version = 0;
  std::string producer;
  std::string opset_domain = "missing";
  std::int64_t opset = 0;
  std::map<std::string, std::string> metadata;
  std::string graph_name;
  std::vector<ReadNode> nodes;
  std::map<std::string, ReadTensor> initializers;
  std::vector<ReadValue> inputs;
  std::vector<ReadValue> outputs;

  // The only node with this output.
  [[nodiscard]] const ReadNode& node_of(const std::string& output) const;
};

[[nodiscard]] ReadModel read_onnx(ByteSpan bytes);

}  // namespace winnow::model
