#include "winnow/inference/classifier.hpp"

#include <algorithm>
#include <limits>

#include "openvino_engine.hpp"
#include "torch_engine.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/model/architecture.hpp"
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

// engine: its outputs are those of outputs_of(), in that order.
class EngineClassifier : public Classifier {
 public:
  EngineClassifier(std::unique_ptr<const Engine> engine, model::Metadata metadata,
                   const EngineOptions& options)
      : metadata_(std::move(metadata)), has_map_(options.activation_map), engine_(std::move(engine)) {
    if (metadata_.architecture == kForeignArchitecture)
      metadata_.preprocessing.size = engine_->picture_side();
    const std::size_t classes = metadata_.classes.size();
    const std::vector<std::size_t> one_for_each = {classes};
    if (engine_->picture_bytes() != image::output_bytes(metadata_.preprocessing) ||
        engine_->output_shape(0) != one_for_each || engine_->output_shape(1) != one_for_each ||
        (metadata_.unknown && engine_->output_width(2) != 1) ||
        (has_map_ && (map_shape().size() != 3 || map_shape()[0] != classes))) {
      throw Error(ErrorKind::kInvalid, "",
                  "its classes and its network do not fit together; export it again");
    }
  }

  [[nodiscard]] const model::Metadata& metadata() const override { return metadata_; }

  [[nodiscard]] std::vector<Prediction> classify(std::span<const std::uint8_t> pixels) override {
    const std::vector<std::vector<float>> values = engine_->run(pixels);
    const auto rows_of = [&](std::size_t output, std::size_t row) {
      const auto width = static_cast<std::ptrdiff_t>(engine_->output_width(output));
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
    return engine_->output_shape(map_output());
  }

  model::Metadata metadata_;
  const bool has_map_;
  const std::unique_ptr<const Engine> engine_;
};

bool needs_float32(const model::Metadata& metadata) {
  const std::vector<std::string>& known = model::architecture_names();
  if (std::find(known.begin(), known.end(), metadata.architecture) == known.end()) return false;
  return model::needs_float32(
      model::make_architecture(metadata.architecture, 0, metadata.preprocessing.size));
}

std::unique_ptr<Classifier> open_torchscript(ByteSpan script, const EngineOptions& options) {
  auto engine = std::make_unique<TorchEngine>(script, options);
  model::Metadata metadata = engine->metadata();
  engine->choose_outputs(outputs_of(metadata, options));
  return std::make_unique<EngineClassifier>(std::move(engine), std::move(metadata), options);
}

std::unique_ptr<Classifier> open_onnx(Bytes onnx, const EngineOptions& options,
                                      const std::optional<ForeignModel>& foreign) {
  std::optional<model::Metadata> metadata = model::read_onnx_metadata(onnx);
  const bool is_foreign = !metadata;
  if (is_foreign && !foreign) {
    throw Error(ErrorKind::kUnsupported, "",
                "an ONNX model, but not one of winnow-export: its labels and preprocessing are unknown; give "
                "--labels, --mean and --scale");
  }
  if (options.device != Device::kCpu) {
    throw Error(ErrorKind::kUnsupported, "",
                "an ONNX file, which runs on the processor; for a GPU export the model as .pt");
  }
  if (is_foreign) metadata = describe(*foreign);
  EngineOptions precise = options;
  precise.full_precision |= needs_float32(*metadata);
  auto engine = open_onnx(std::move(onnx), outputs_of(*metadata, options), precise,
                          is_foreign ? foreign : std::nullopt);
  return std::make_unique<EngineClassifier>(std::move(engine), std::move(*metadata), options);
}

std::unique_ptr<Classifier> open(Bytes bytes, const std::string& name, const EngineOptions& options,
                                 const std::optional<ForeignModel>& foreign) {
  try {
    return is_torchscript(bytes) ? open_torchscript(bytes, options)
                                 : open_onnx(std::move(bytes), options, foreign);
  } catch (const Error& error) {
    throw Error(error.kind(), name, error.what());
  }
}

}  // namespace

std::unique_ptr<Classifier> open_classifier(const std::filesystem::path& file, const EngineOptions& options,
                                            const std::optional<ForeignModel>& foreign) {
  return open(read_file(file, model::kMaxOnnxBytes), file.string(), options, foreign);
}

std::unique_ptr<Classifier> open_classifier(ByteSpan bytes, const std::string& name,
                                            const EngineOptions& options,
                                            const std::optional<ForeignModel>& foreign) {
  return open(Bytes(bytes.begin(), bytes.end()), name, options, foreign);
}

}  // namespace winnow::inference
