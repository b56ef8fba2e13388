// A model file, opened and ready to answer.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "winnow/image/preprocess.hpp"
#include "winnow/model/metadata.hpp"

namespace winnow::inference {

struct EngineOptions {
  unsigned threads = 1;  // processors one call may use
  // Compute in float32 even where the processor is faster in bfloat16, for comparing numbers.
  bool full_precision = false;
};

// What the network says of one picture.
struct Prediction {
  std::vector<float> logits;         // [classes], divided by the temperature
  std::vector<float> probabilities;  // [classes], calibrated, sum 1
  // Cosine similarity to the k-th nearest training picture, in [-1, 1]; NaN if the model carries none.
  float similarity = 0;
};

class Classifier {
 public:
  virtual ~Classifier() = default;

  [[nodiscard]] virtual const model::Metadata& metadata() const = 0;

  // pixels: [n, size, size, 3] as image::decode_and_preprocess gives them, n > 0. Returns n predictions.
  // Thread-safe; each calling thread works on its own. Throws Error{kInvalid} if pixels have another size.
  [[nodiscard]] virtual std::vector<Prediction> classify(std::span<const std::uint8_t> pixels) = 0;
};

// Throws Error{kNotFound | kInvalid | kUnsupported}: no such file, not a model, a model of a newer format, a
// foreign ONNX file without our metadata.
[[nodiscard]] std::unique_ptr<Classifier> open_classifier(const std::filesystem::path& file,
                                                          const EngineOptions& options = {});
// The same from memory; `name` stands in errors.
[[nodiscard]] std::unique_ptr<Classifier> open_classifier(ByteSpan onnx, const std::string& name,
                                                          const EngineOptions& options = {});

}  // namespace winnow::inference
