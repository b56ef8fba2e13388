#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "winnow/core/bytes.hpp"
#include "winnow/inference/classifier.hpp"

namespace winnow::inference {

// An ONNX network of ours on OpenVINO's CPU plugin. Thread-safe.
class OpenvinoEngine {
 public:
  // Throws Error{kInvalid} if OpenVINO cannot read the network, or its input is not [n, size, size, 3] uint8.
  OpenvinoEngine(ByteSpan onnx, const EngineOptions& options);
  ~OpenvinoEngine();

  [[nodiscard]] std::string precision() const;      // "f32", "bf16"
  [[nodiscard]] std::size_t picture_bytes() const;  // size * size * 3
  [[nodiscard]] bool has_output(const std::string& name) const;
  [[nodiscard]] std::size_t output_width(const std::string& name) const;  // 1 for outputs of shape [n]

  // pixels: [n, size, size, 3]. Returns, for each of the names, [n, output_width(name)].
  // Throws Error{kInvalid} if pixels are not a whole number of pictures, or none.
  [[nodiscard]] std::vector<std::vector<float>> run(std::span<const std::uint8_t> pixels,
                                                    std::span<const std::string> names) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace winnow::inference
