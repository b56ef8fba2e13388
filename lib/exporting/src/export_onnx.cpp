#include "winnow/exporting/export_onnx.hpp"

#include <optional>
#include <vector>

#include "drawn_pictures.hpp"
#include "pictures.hpp"
#include "predictions.hpp"
#include "quantise.hpp"
#include "torch_network.hpp"
#include "winnow/core/atomic_file.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/model/onnx.hpp"
#include "winnow/model/reference_vector.hpp"
#include "winnow/stats/calibration.hpp"

namespace winnow::exporting {
namespace {

namespace fs = std::filesystem;

// LibTorch takes 30 ms for each.
constexpr std::size_t kMaxCompared = 64;
constexpr int kWaves = 4;
// Engines round differently, and rounding once more in one layer moves the next ones.
constexpr double kInt8Tolerance = 0.25;

Comparison compare(TorchNetwork& network, ByteSpan onnx, const Source& source, const Context& context) {
  const image::Preprocessing& preprocessing = source.checkpoint.metadata.preprocessing;
  Comparison result{.pictures_from = "validation"};
  Pictures pictures;
  if (source.data) {
    pictures = load_pictures(*source.data, samples_of(*source.data, dataset::Split::kValidation),
                             preprocessing, kMaxCompared, context);
  }
  if (pictures.count == 0) {
    result.pictures_from = "drawn";
    pictures.pixels = draw_waves(kWaves, preprocessing.size);
    pictures.count = kWaves;
  }
  result.pictures = pictures.count;
  const stats::Matrix expected = network.logits(pictures.pixels);
  const Predictions found = predict(onnx, pictures.pixels, context);
  result.largest_difference = largest_difference(expected, found.logits);
  result.same_answers = count_equal(stats::argmax(expected), found.answers);
  require_close(result.largest_difference);
  return result;
}

Json to_json(const Comparison& comparison) {
  return {{"largest_logit_difference", comparison.largest_difference},
          {"same_answers", comparison.same_answers},
          {"pictures", comparison.pictures},
          {"pictures_from", comparison.pictures_from}};
}

Json to_json(const QuantisationResult& result) {
  return {{"calibration_pictures", result.calibration_pictures},
          {"pictures", result.pictures},
          {"pictures_from", result.pictures_from},
          {"accuracy_by", result.has_labels ? "labels" : "float32"},
          {"accuracy_float32", result.accuracy_before},
          {"accuracy_int8", result.accuracy_after},
          {"same_answers", result.same_answers},
          {"largest_logit_difference", result.largest_difference},
          {"layers", result.layers},
          {"in_float32", result.in_float}};
}

// logits_of: pixels to logits, [1, classes].
template <class LogitsOf>
model::ReferenceVector make_reference_vector(const image::Preprocessing& preprocessing, std::string engine,
                                             double tolerance, const LogitsOf& logits_of) {
  model::ReferenceVector vector{std::move(engine), tolerance, {}};
  for (DrawnPicture& drawn : draw_reference_pictures()) {
    std::vector<std::uint8_t> pixels(image::output_bytes(preprocessing));
    const auto info = image::decode_and_preprocess(drawn.file, preprocessing, pixels);
    if (!info) throw Error(ErrorKind::kUnsupported, drawn.name, info.failure().message);
    const stats::Matrix logits = logits_of(pixels);
    vector.pictures.push_back({std::move(drawn.name), std::move(drawn.shows), std::move(drawn.file),
                               sha256_hex(pixels), model::sample_grid(pixels, preprocessing.size),
                               std::vector<float>(logits.values().begin(), logits.values().end())});
  }
  return vector;
}

}  // namespace

ExportedModel export_onnx(Source source, const fs::path& output, const ExportOptions& options,
                          const Context& context) {
  model::Checkpoint& checkpoint = source.checkpoint;
  model::Metadata& metadata = checkpoint.metadata;
  std::optional<QuantisationPictures> pictures;
  if (options.int8) pictures = find_pictures(source, options.calibrate, context);
  try {
    const model::Architecture architecture = model::make_architecture(
        metadata.architecture, static_cast<int>(metadata.classes.size()), metadata.preprocessing.size);
    TorchNetwork network(architecture, checkpoint, context);
    const Bytes in_float = model::write_onnx(architecture, checkpoint);
    ExportedModel exported{.comparison = compare(network, in_float, source, context)};
    metadata.metrics["export"] = to_json(exported.comparison);
    std::map<std::string, std::string> more;
    if (!source.model_card.is_null()) more[model::kModelCardKey] = to_line(source.model_card);
    model::ReferenceVector vector;
    std::optional<QuantisedNetwork> quantised;
    if (pictures) {
      quantised = quantise(network, architecture, checkpoint, *pictures, in_float, context);
      exported.int8 = quantised->result;
      metadata.metrics["int8"] = to_json(*exported.int8);
      const Bytes rounded = model::write_onnx(architecture, checkpoint, {}, &quantised->quantisation);
      vector = make_reference_vector(
          metadata.preprocessing, "OpenVINO, int8", kInt8Tolerance,
          [&](const std::vector<std::uint8_t>& pixels) { return predict(rounded, pixels, context).logits; });
    } else {
      vector = make_reference_vector(
          metadata.preprocessing, "LibTorch, float32", kMaxDifference,
          [&](const std::vector<std::uint8_t>& pixels) { return network.logits(pixels); });
    }
    more[model::kReferenceVectorKey] = to_line(model::to_json(vector));
    const Bytes onnx =
        model::write_onnx(architecture, checkpoint, more, quantised ? &quantised->quantisation : nullptr);
    write_file_atomically(output, onnx);
    exported.bytes = onnx.size();
    return exported;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kIo || error.kind() == ErrorKind::kCancelled) throw;
    throw Error(error.kind() == ErrorKind::kUsage ? ErrorKind::kUnsupported : error.kind(), source.name,
                error.what());
  }
}

}  // namespace winnow::exporting
