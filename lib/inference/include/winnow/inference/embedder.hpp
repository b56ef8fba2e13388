#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "winnow/core/bytes.hpp"
#include "winnow/inference/classifier.hpp"

namespace winnow::inference {

class OpenvinoEngine;

// A network up to its embedding, as model::write_embedding_onnx writes it. Thread-safe.
class Embedder {
 public:
  // Throws Error{kInvalid} if the bytes are not such a network.
  explicit Embedder(ByteSpan onnx, const EngineOptions& options = {});
  ~Embedder();

  [[nodiscard]] std::size_t width() const;  // of an embedding
  // What this machine computes in, such as "bf16": the same network gives slightly other numbers in another.
  [[nodiscard]] std::string precision() const;

  // pixels: [n, size, size, 3]. Returns [n, width()].
  [[nodiscard]] std::vector<float> embed(std::span<const std::uint8_t> pixels) const;

 private:
  std::unique_ptr<OpenvinoEngine> engine_;
};

}  // namespace winnow::inference
