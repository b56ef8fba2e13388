#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine.hpp"
#include "winnow/core/bytes.hpp"
#include "winnow/inference/classifier.hpp"
#include "winnow/inference/foreign_model.hpp"

namespace winnow::inference {

// An ONNX network on OpenVINO's CPU plugin.
class OpenvinoEngine : public Engine {
 public:
  // outputs: those that run() gives; what only others need is not computed. A foreign network is given the
  // input of ours, and the outputs "logits" and "probabilities".
  // Throws Error{kInvalid | kUnsupported} if OpenVINO cannot read the network, if its input is not
  // [n, size, size, 3] uint8, or it lacks one of the outputs.
  OpenvinoEngine(Bytes onnx, std::vector<std::string> outputs, const EngineOptions& options,
                 const std::optional<ForeignModel>& foreign = std::nullopt);
  ~OpenvinoEngine() override;

  [[nodiscard]] std::string precision() const;  // "f32", "bf16"
  [[nodiscard]] int picture_side() const override;
  [[nodiscard]] const std::vector<std::size_t>& output_shape(std::size_t output) const override;
  [[nodiscard]] std::vector<std::vector<float>> run(std::span<const std::uint8_t> pixels) const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The same as an Engine. A build without OpenVINO throws Error{kUnsupported}.
[[nodiscard]] std::unique_ptr<Engine> open_onnx(Bytes onnx, std::vector<std::string> outputs,
                                                const EngineOptions& options,
                                                const std::optional<ForeignModel>& foreign);

}  // namespace winnow::inference
