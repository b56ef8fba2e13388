#include "winnow/inference/embedder.hpp"

#include "openvino_engine.hpp"

namespace winnow::inference {

Embedder::Embedder(ByteSpan onnx, const EngineOptions& options)
    : engine_(std::make_unique<OpenvinoEngine>(Bytes(onnx.begin(), onnx.end()),
                                               std::vector<std::string>{"embedding"}, options)) {}

Embedder::~Embedder() = default;

std::size_t Embedder::width() const {
  return engine_->output_width(0);
}

std::string Embedder::precision() const {
  return engine_->precision();
}

std::vector<float> Embedder::embed(std::span<const std::uint8_t> pixels) const {
  return std::move(engine_->run(pixels).front());
}

}  // namespace winnow::inference
