#include "quantise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "calibrate.hpp"
#include "predictions.hpp"
#include "winnow/core/error.hpp"
#include "winnow/model/onnx.hpp"
#include "winnow/stats/calibration.hpp"
#include "winnow/stats/conformal.hpp"
#include "winnow/stats/neighbours.hpp"

namespace winnow::exporting {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCalibrationPictures = 256;
constexpr std::size_t kHeldOutPictures = 512;
constexpr std::size_t kSensitivityPictures = 48;
// With fewer, one answer more or less would be more than the accuracy that may be lost, or chance.
constexpr std::size_t kFewestPictures = 8;

// A folder of pictures, whatever its subfolders mean.
dataset::Dataset open_folder(const fs::path& folder) {
  dataset::Dataset data{.root = folder, .classes = {""}, .samples = {}};
  for (const fs::path& file : dataset::files_below(folder)) {
    data.samples.push_back({.path = file.lexically_relative(folder).string()});
  }
  return data;
}

// The share of right answers: by labels, or else what the float32 network's own calibrated probabilities
// expect of these answers.
double accuracy(const std::vector<int>& answers, const QuantisationPictures& pictures,
                const Predictions& trained) {
  double right = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    right += pictures.has_labels ? (answers[i] == pictures.held_out.labels[i] ? 1.0 : 0.0)
                                 : trained.probabilities.row(i)[static_cast<std::size_t>(answers[i])];
  }
  return right / static_cast<double>(answers.size());
}

double mean_square(const stats::Matrix& a, const stats::Matrix& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.values().size(); ++i) {
    sum += std::pow(double{a.values()[i]} - b.values()[i], 2);
  }
  return sum / static_cast<double>(a.values().size());
}

class Quantiser {
 public:
  Quantiser(TorchNetwork& network, const model::Architecture& architecture, model::Checkpoint& checkpoint,
            const QuantisationPictures& pictures, ByteSpan float_onnx, const Context& context)
      : architecture_(architecture),
        checkpoint_(checkpoint),
        pictures_(pictures),
        context_(context),
        trained_(predict(float_onnx, pictures.held_out.pixels, context)),
        quantisation_(calibrate(network, architecture, pictures.calibration.pixels)) {}

  QuantisedNetwork run() {
    QuantisationResult result{.calibration_pictures = pictures_.calibration.count,
                              .pictures = pictures_.held_out.count,
                              .pictures_from = pictures_.from,
                              .has_labels = pictures_.has_labels,
                              .accuracy_before = accuracy(trained_.answers, pictures_, trained_),
                              .in_float = {}};
    Predictions rounded = predict_rounded(quantisation_.in_float);
    const auto lost = [&] { return result.accuracy_before - accuracy(rounded.answers, pictures_, trained_); };
    std::vector<int> by_loss;
    for (std::size_t count = 1; lost() > kMaxAccuracyLost; count *= 2) {
      if (by_loss.empty()) by_loss = rank_layers();
      count = std::min(count, by_loss.size());
      quantisation_.in_float = {by_loss.begin(), by_loss.begin() + static_cast<std::ptrdiff_t>(count)};
      rounded = predict_rounded(quantisation_.in_float);
      if (count == by_loss.size()) break;
    }
    for (const int layer : quantisation_.in_float) {
      result.in_float.push_back(architecture_.layers[static_cast<std::size_t>(layer)].name.empty()
                                    ? fmt::format("layer{}", layer)
                                    : architecture_.layers[static_cast<std::size_t>(layer)].name);
    }
    result.layers = model::quantisable_layers(architecture_).size();
    result.accuracy_after = accuracy(rounded.answers, pictures_, trained_);
    result.same_answers = count_equal(rounded.answers, trained_.answers);
    result.largest_difference = largest_difference(rounded.logits, trained_.logits);
    refit(rounded);
    return {quantisation_, result};
  }

 private:
  [[nodiscard]] Predictions predict_rounded(const std::set<int>& in_float,
                                            std::size_t most = kHeldOutPictures) const {
    throw_if_stopped(context_.stop);
    model::Quantisation trial = quantisation_;
    trial.in_float = in_float;
    const std::size_t count = std::min(most, pictures_.held_out.count);
    const std::span<const std::uint8_t> pixels = pictures_.held_out.pixels;
    return predict(model::write_onnx(architecture_, checkpoint_, {}, &trial),
                   pixels.first(pixels.size() / pictures_.held_out.count * count), context_);
  }

  // The layers by what is lost when each alone is rounded, the worst first.
  [[nodiscard]] std::vector<int> rank_layers() const {
    context_.log.info("more than {:g} points are lost: looks for the layers that lose most",
                      100 * kMaxAccuracyLost);
    std::vector<int> layers = model::quantisable_layers(architecture_);
    const std::set<int> all(layers.begin(), layers.end());
    const std::size_t count = std::min(kSensitivityPictures, pictures_.held_out.count);
    std::vector<std::size_t> rows(count);
    for (std::size_t i = 0; i < count; ++i) rows[i] = i;
    const stats::Matrix expected = trained_.logits.select(rows);
    std::map<int, double> loss;
    for (const int layer : layers) {
      std::set<int> others = all;
      others.erase(layer);
      loss[layer] = mean_square(predict_rounded(others, kSensitivityPictures).logits, expected);
    }
    std::stable_sort(layers.begin(), layers.end(), [&](int a, int b) { return loss[a] > loss[b]; });
    return layers;
  }

  // What was fitted to the network in float32 moves as far as rounding moves what it was fitted to. So it is
  // as good as it was, on fewer pictures than fitting anew would need.
  void refit(const Predictions& rounded) {
    model::Metadata& metadata = checkpoint_.metadata;
    const double factor = stats::match_temperature(rounded.logits, trained_.probabilities);
    metadata.temperature *= factor;
    if (metadata.conformal && pictures_.has_labels) {
      const double coverage = metadata.conformal->coverage;
      const auto before =
          stats::conformal_threshold(trained_.probabilities, pictures_.held_out.labels, coverage);
      const auto after = stats::conformal_threshold(stats::softmax(rounded.logits, factor),
                                                    pictures_.held_out.labels, coverage);
      if (before && after) {
        metadata.conformal->threshold =
            std::clamp(metadata.conformal->threshold + *after - *before, 0.0F, 1.0F);
      }
    }
    if (metadata.unknown) {
      metadata.unknown->threshold += stats::quantile(rounded.similarity, stats::kRejectedShare) -
                                     stats::quantile(trained_.similarity, stats::kRejectedShare);
    }
  }

  const model::Architecture& architecture_;
  model::Checkpoint& checkpoint_;
  const QuantisationPictures& pictures_;
  const Context& context_;
  const Predictions trained_;
  model::Quantisation quantisation_;
};

}  // namespace

QuantisationPictures find_pictures(const Source& source, const fs::path& folder, const Context& context) {
  const image::Preprocessing& preprocessing = source.checkpoint.metadata.preprocessing;
  QuantisationPictures pictures;
  if (!folder.empty()) {
    pictures.from = "folder";
    const dataset::Dataset data = open_folder(folder);
    std::vector<std::size_t> calibration;
    std::vector<std::size_t> held_out;
    for (std::size_t i = 0; i < data.samples.size(); ++i) (i % 4 == 3 ? held_out : calibration).push_back(i);
    pictures.calibration = load_pictures(data, calibration, preprocessing, kCalibrationPictures, context);
    pictures.held_out = load_pictures(data, held_out, preprocessing, kHeldOutPictures, context);
  } else if (source.data) {
    pictures.from = "validation";
    pictures.has_labels = true;
    const auto load = [&](dataset::Split split, std::size_t most) {
      return load_pictures(*source.data, samples_of(*source.data, split), preprocessing, most, context);
    };
    pictures.calibration = load(dataset::Split::kTrain, kCalibrationPictures);
    pictures.held_out = load(dataset::Split::kValidation, kHeldOutPictures);
  }
  if (pictures.calibration.count < kFewestPictures || pictures.held_out.count < kFewestPictures) {
    throw Error(
        ErrorKind::kUsage, "--int8",
        fmt::format(
            "needs {} or more pictures to choose ranges by and as many to measure the result; "
            "{}; give a folder of pictures like those it will see as --calibrate",
            kFewestPictures,
            folder.empty() && !source.data
                ? "those of the run are not where they were"
                : fmt::format("there are {} and {}", pictures.calibration.count, pictures.held_out.count)));
  }
  return pictures;
}

QuantisedNetwork quantise(TorchNetwork& network, const model::Architecture& architecture,
                          model::Checkpoint& checkpoint, const QuantisationPictures& pictures,
                          ByteSpan float_onnx, const Context& context) {
  return Quantiser(network, architecture, checkpoint, pictures, float_onnx, context).run();
}

}  // namespace winnow::exporting
