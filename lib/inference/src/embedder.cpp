#include "winnow/inference/embedder.hpp"

#include "openvino_engine.hpp"

namespace winnow::inference {
namespace {
const std::string kOutput = "embedding";
}

Embedder::Embedder(ByteSpan onnx, const EngineOptions& options)
    : engine_(std::make_unique<OpenvinoEngine>(onnx, options)) {}

Embedder::~Embedder() = default;

std::size_t Embedder::width() const {
  return engine_->output_width(kOutput);
}

std::string Embedder::precision() const {
  return engine_->precision();
}

std::vector<float> Embedder::embed(std::span<const std::uint8_t> pixels) const {
  return std::move(engine_->run(pixels, std::span(&kOutput, 1)).front());
}

}  // namespace winnow::inference
