#include "winnow/inference/classifier.hpp"

#include <limits>

#include "openvino_engine.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/model/onnx.hpp"

namespace winnow::inference {
namespace {

std::vector<std::string> outputs_of(const model::Metadata& metadata, const EngineOptions& options) {
  std::vector<std::string> outputs = {"logits", "probabilities"};
  if (metadata.unknown) outputs.emplace_back("similarity");
  if (options.activation_map) outputs.emplace_back("activation_map");
  return outputs;
}

model::Metadata describe(const ForeignModel& foreign) {
  model::Metadata metadata;
  metadata.architecture = kForeignArchitecture;
  metadata.classes = foreign.labels;
  metadata.preprocessing.fit = foreign.fit;
  metadata.preprocessing.crop_fraction = foreign.crop_fraction;
  return metadata;
}

class OnnxClassifier : public Classifier {
 public:
  OnnxClassifier(Bytes onnx, model::Metadata metadata, const EngineOptions& options,
                 const std::optional<ForeignModel>& foreign)
      : metadata_(std::move(metadata)),
        has_map_(options.activation_map),
        engine_(std::move(onnx), outputs_of(metadata_, options), options, foreign) {
    if (foreign) metadata_.preprocessing.size = engine_.picture_side();
    const std::size_t classes = metadata_.classes.size();
    const std::vector<std::size_t> one_for_each = {classes};
    if (engine_.picture_bytes() != image::output_bytes(metadata_.preprocessing) ||
        engine_.output_shape(0) != one_for_each || engine_.output_shape(1) != one_for_each ||
        (metadata_.unknown && engine_.output_width(2) != 1) ||
        (has_map_ && (map_shape().size() != 3 || map_shape()[0] != classes))) {
      throw Error(ErrorKind::kInvalid, "",
                  "its classes and its network do not fit together; export it again");
    }
  }

  [[nodiscard]] const model::Metadata& metadata() const override { return metadata_; }

  [[nodiscard]] std::vector<Prediction> classify(std::span<const std::uint8_t> pixels) override {
    const std::vector<std::vector<float>> values = engine_.run(pixels);
    const auto rows_of = [&](std::size_t output, std::size_t row) {
      const auto width = static_cast<std::ptrdiff_t>(engine_.output_width(output));
      const auto begin = values[output].begin() + static_cast<std::ptrdiff_t>(row) * width;
      return std::vector<float>(begin, begin + width);
    };
    std::vector<Prediction> predictions(values[0].size() / metadata_.classes.size());
    for (std::size_t i = 0; i < predictions.size(); ++i) {
      predictions[i].logits = rows_of(0, i);
      predictions[i].probabilities = rows_of(1, i);
      predictions[i].similarity = metadata_.unknown ? values[2][i] : std::numeric_limits<float>::quiet_NaN();
      if (has_map_) {
        predictions[i].activation_map = {static_cast<int>(map_shape()[1]), static_cast<int>(map_shape()[2]),
                                         rows_of(map_output(), i)};
      }
    }
    return predictions;
  }

 private:
  [[nodiscard]] std::size_t map_output() const { return metadata_.unknown ? 3 : 2; }
  [[nodiscard]] const std::vector<std::size_t>& map_shape() const {
    return engine_.output_shape(map_output());
  }

  model::Metadata metadata_;
  const bool has_map_;
  const OpenvinoEngine engine_;
};

std::unique_ptr<Classifier> open(Bytes onnx, const std::string& name, const EngineOptions& options,
                                 const std::optional<ForeignModel>& foreign) {
  try {
    if (std::optional<model::Metadata> own = model::read_onnx_metadata(onnx)) {
      return std::make_unique<OnnxClassifier>(std::move(onnx), std::move(*own), options, std::nullopt);
    }
    if (foreign)
      return std::make_unique<OnnxClassifier>(std::move(onnx), describe(*foreign), options, foreign);
    throw Error(ErrorKind::kUnsupported, "",
                "an ONNX model, but not one of winnow-export: its labels and preprocessing are unknown; give "
                "--labels, --mean and --scale");
  } catch (const Error& error) {
    throw Error(error.kind(), name, error.what());
  }
}

}  // namespace

std::unique_ptr<Classifier> open_classifier(const std::filesystem::path& file, const EngineOptions& options,
                                            const std::optional<ForeignModel>& foreign) {
  return open(read_file(file, model::kMaxOnnxBytes), file.string(), options, foreign);
}

std::unique_ptr<Classifier> open_classifier(ByteSpan onnx, const std::string& name,
                                            const EngineOptions& options,
                                            const std::optional<ForeignModel>& foreign) {
  return open(Bytes(onnx.begin(), onnx.end()), name, options, foreign);
}

}  // namespace winnow::inference
