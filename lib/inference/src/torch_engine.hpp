#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine.hpp"
#include "winnow/core/bytes.hpp"
#include "winnow/inference/classifier.hpp"
#include "winnow/model/metadata.hpp"

namespace winnow::inference {

// Whether these bytes may be TorchScript: a ZIP archive.
[[nodiscard]] bool is_torchscript(ByteSpan bytes);

// A TorchScript file of winnow-export, on LibTorch, which is loaded for the first of them.
class TorchEngine : public Engine {
 public:
  // Throws Error{kInvalid | kUnsupported}: damaged, without our metadata, of a newer format; the module
  // options.torch_engine cannot be loaded, or there is no such device.
  TorchEngine(ByteSpan script, const EngineOptions& options);
  ~TorchEngine() override;

  [[nodiscard]] const model::Metadata& metadata() const;
  // Which outputs, in this order, run() gives. Throws Error{kInvalid} if there is no such output.
  void choose_outputs(const std::vector<std::string>& names);

  [[nodiscard]] int picture_side() const override;
  [[nodiscard]] const std::vector<std::size_t>& output_shape(std::size_t output) const override;
  [[nodiscard]] std::vector<std::vector<float>> run(std::span<const std::uint8_t> pixels) const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace winnow::inference
