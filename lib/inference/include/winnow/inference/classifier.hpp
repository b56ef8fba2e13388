// A model file, opened and ready to answer.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "winnow/core/bytes.hpp"
#include "winnow/image/preprocess.hpp"
#include "winnow/inference/foreign_model.hpp"
#include "winnow/model/metadata.hpp"

namespace winnow::inference {

enum class Device { kCpu, kCuda };

struct EngineOptions {
  unsigned threads = 1;          // processors to use
  unsigned callers = 1;          // threads that will call at the same time, and share these
  Device device = Device::kCpu;  // a GPU takes TorchScript alone
  // Compute in float32 even where the processor is faster in bfloat16, for comparing numbers.
  bool full_precision = false;
  // Where networks are kept as compiled for this processor, so that the next start need not compile them.
  // Empty: nowhere. A folder that cannot be written and files that are damaged only cost that time.
  std::filesystem::path cache_folder;
  bool activation_map = false;  // of a Classifier: fill Prediction::activation_map
  // The module that runs TorchScript, libwinnow_torch_engine.so; loaded when a model needs it.
  std::filesystem::path torch_engine;
};

// Class activation mapping: what each place of the picture's square says for each class, before negative
// values are cut off. Selvaraju et al. 2017, arXiv:1610.02391, for networks that end in mean and linear.
struct ActivationMap {
  int height = 0;
  int width = 0;
  std::vector<float> values;  // [classes, height, width]
};

// What the network says of one picture.
struct Prediction {
  std::vector<float> logits;         // [classes], divided by the temperature
  std::vector<float> probabilities;  // [classes], calibrated, sum 1
  // Cosine similarity to the k-th nearest training picture, in [-1, 1]; NaN if the model carries none.
  float similarity = 0;
  ActivationMap activation_map;  // where asked for
};

class Classifier {
 public:
  virtual ~Classifier() = default;

  [[nodiscard]] virtual const model::Metadata& metadata() const = 0;

  // pixels: [n, size, size, 3] as image::decode_and_preprocess gives them, n > 0. Returns n predictions.
  // Thread-safe; each calling thread works on its own. Throws Error{kInvalid} if pixels have another size.
  [[nodiscard]] virtual std::vector<Prediction> classify(std::span<const std::uint8_t> pixels) = 0;
};

// What Metadata::architecture says of a foreign model.
inline constexpr const char* kForeignArchitecture = "foreign";

// file: ONNX, run by OpenVINO, or TorchScript of winnow-export, run by LibTorch; its bytes tell which. Who
// wrote TorchScript can have it do what LibTorch can, reading files too: open none of strangers.
// foreign: what an ONNX file of somebody else does not say of itself; it is not looked at for one of ours.
// Throws Error{kNotFound | kInvalid | kUnsupported}: no such file, not a model, a model of a newer format, a
// foreign one of which `foreign` says too little, one without activation maps where they are asked for; an
// engine or a device that is not there.
[[nodiscard]] std::unique_ptr<Classifier> open_classifier(
    const std::filesystem::path& file, const EngineOptions& options = {},
    const std::optional<ForeignModel>& foreign = std::nullopt);
// The same from memory; `name` stands in errors.
[[nodiscard]] std::unique_ptr<Classifier> open_classifier(
    ByteSpan bytes, const std::string& name, const EngineOptions& options = {},
    const std::optional<ForeignModel>& foreign = std::nullopt);

}  // namespace winnow::inference
