// What is written in an ONNX file, ours or another's, without running it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "winnow/core/bytes.hpp"

namespace winnow::model {

struct OnnxSummary {
  // An input or output of the graph.
  struct Value {
    std::string name;
    std::string type;                // "uint8", "float32"
    std::vector<std::string> shape;  // "n", "224"
  };
  struct Constant {
    std::string name;
    std::string type;
    std::uint64_t bytes = 0;
  };

  std::int64_t ir_version = 0;
  std::int64_t opset = 0;
  std::string producer;  // "winnow 0.1.0"
  std::vector<Value> inputs;
  std::vector<Value> outputs;
  std::map<std::string, std::size_t> operators;  // "Conv": how many
  std::vector<Constant> constants;               // those with raw data
  std::map<std::string, std::string> metadata;
  std::string graph_sha256;  // of the graph as it is encoded: what an engine runs
};

// Memory grows with the file alone, whatever sizes it claims. Throws Error{kInvalid} if the bytes are not an
// ONNX model.
[[nodiscard]] OnnxSummary summarise_onnx(ByteSpan bytes);

}  // namespace winnow::model
