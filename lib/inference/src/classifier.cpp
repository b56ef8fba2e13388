#include "winnow/inference/classifier.hpp"

#include <limits>

#include "openvino_engine.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/model/onnx.hpp"

namespace winnow::inference {
namespace {

constexpr std::uint64_t kMaxModelBytes = 2'000'000'000;  // protobuf's own limit

class OnnxClassifier : public Classifier {
 public:
  OnnxClassifier(ByteSpan onnx, model::Metadata metadata, const EngineOptions& options)
      : metadata_(std::move(metadata)), engine_(onnx, options) {
    const auto gives = [&](const char* output, std::size_t width) {
      return engine_.has_output(output) && engine_.output_width(output) == width;
    };
    const std::size_t classes = metadata_.classes.size();
    if (engine_.picture_bytes() != image::output_bytes(metadata_.preprocessing) ||
        !gives("logits", classes) || !gives("probabilities", classes) ||
        (metadata_.unknown && !gives("similarity", 1))) {
      throw Error(ErrorKind::kInvalid, "",
                  "its classes and its network do not fit together; export it again");
    }
    if (metadata_.unknown) outputs_.push_back("similarity");
  }

  [[nodiscard]] const model::Metadata& metadata() const override { return metadata_; }

  [[nodiscard]] std::vector<Prediction> classify(std::span<const std::uint8_t> pixels) override {
    const std::vector<std::vector<float>> values = engine_.run(pixels, outputs_);
    const std::size_t classes = metadata_.classes.size();
    std::vector<Prediction> predictions(values[0].size() / classes);
    for (std::size_t i = 0; i < predictions.size(); ++i) {
      const auto from = static_cast<std::ptrdiff_t>(i * classes);
      const auto to = static_cast<std::ptrdiff_t>((i + 1) * classes);
      predictions[i].logits.assign(values[0].begin() + from, values[0].begin() + to);
      predictions[i].probabilities.assign(values[1].begin() + from, values[1].begin() + to);
      predictions[i].similarity = metadata_.unknown ? values[2][i] : std::numeric_limits<float>::quiet_NaN();
    }
    return predictions;
  }

 private:
  const model::Metadata metadata_;
  const OpenvinoEngine engine_;
  std::vector<std::string> outputs_ = {"logits", "probabilities"};
};

}  // namespace

std::unique_ptr<Classifier> open_classifier(const std::filesystem::path& file, const EngineOptions& options) {
  return open_classifier(read_file(file, kMaxModelBytes), file.string(), options);
}

std::unique_ptr<Classifier> open_classifier(ByteSpan onnx, const std::string& name,
                                            const EngineOptions& options) {
  try {
    std::optional<model::Metadata> metadata = model::read_onnx_metadata(onnx);
    if (!metadata) {
      throw Error(ErrorKind::kUnsupported, "",
                  "an ONNX model, but not one of winnow-export: its labels and preprocessing are unknown");
    }
    return std::make_unique<OnnxClassifier>(onnx, std::move(*metadata), options);
  } catch (const Error& error) {
    throw Error(error.kind(), name, error.what());
  }
}

}  // namespace winnow::inference
