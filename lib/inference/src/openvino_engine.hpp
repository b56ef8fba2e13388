#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "winnow/core/bytes.hpp"
#include "winnow/inference/classifier.hpp"
#include "winnow/inference/foreign_model.hpp"

namespace winnow::inference {

// An ONNX network on OpenVINO's CPU plugin. Thread-safe.
class OpenvinoEngine {
 public:
  // outputs: those that run() gives; what only others need is not computed. A foreign network is given the
  // input of ours, and the outputs "logits" and "probabilities".
  // Throws Error{kInvalid | kUnsupported} if OpenVINO cannot read the network, if its input is not
  // [n, size, size, 3] uint8, or it lacks one of the outputs.
  OpenvinoEngine(Bytes onnx, std::vector<std::string> outputs, const EngineOptions& options,
                 const std::optional<ForeignModel>& foreign = std::nullopt);
  ~OpenvinoEngine();

  [[nodiscard]] std::string precision() const;      // "f32", "bf16"
  [[nodiscard]] int picture_side() const;           // size
  [[nodiscard]] std::size_t picture_bytes() const;  // size * size * 3
  // Of one picture: {} for outputs of shape [n], {3, 7, 7} for [n, 3, 7, 7].
  [[nodiscard]] const std::vector<std::size_t>& output_shape(std::size_t output) const;
  [[nodiscard]] std::size_t output_width(std::size_t output) const;  // the product of its shape

  // pixels: [n, size, size, 3]. Returns, for each of the outputs, [n, output_width()].
  // Throws Error{kInvalid} if pixels are not a whole number of pictures, or none.
  [[nodiscard]] std::vector<std::vector<float>> run(std::span<const std::uint8_t> pixels) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace winnow::inference
