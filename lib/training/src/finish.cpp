#include "finish.hpp"

#include <algorithm>

#include "head.hpp"
#include "winnow/embedding/embed.hpp"
#include "winnow/stats/calibration.hpp"
#include "winnow/stats/conformal.hpp"
#include "winnow/stats/interval.hpp"
#include "winnow/stats/neighbours.hpp"

namespace winnow::training {
namespace {

constexpr int kMaxNeighbours = 10;
// How often a prediction set holds the true class.
constexpr double kSetCoverage = 0.9;
// More reference pictures make the model file larger but the answer hardly better.
constexpr std::size_t kMaxReferencesPerClass = 256;

using dataset::Split;

// Logits of pictures that the head was not fitted on.
struct CalibrationSet {
  stats::Matrix logits;
  std::vector<int> labels;
};

CalibrationSet calibration_set(const Trained& trained, const dataset::Dataset& data) {
  const std::vector<std::size_t> validation = samples_of(data, Split::kValidation);
  const stats::Matrix logits = stats::predict_logits(trained.head, trained.embeddings.select(validation));
  const std::span<const float> held_out = trained.held_out_logits.values();
  CalibrationSet set{
      .logits = stats::Matrix(trained.held_out_logits.rows() + logits.rows(), trained.head.bias.size()),
      .labels = trained.held_out_labels};
  std::copy(held_out.begin(), held_out.end(), set.logits.values().begin());
  std::copy(logits.values().begin(), logits.values().end(),
            set.logits.values().begin() + static_cast<std::ptrdiff_t>(held_out.size()));
  for (const std::size_t i : validation) set.labels.push_back(data.samples[i].label);
  return set;
}

std::optional<model::ConformalRule> choose_sets(const CalibrationSet& set, double temperature) {
  const std::optional<float> threshold =
      stats::conformal_threshold(stats::softmax(set.logits, temperature), set.labels, kSetCoverage);
  if (!threshold) return std::nullopt;
  return model::ConformalRule{kSetCoverage, *threshold};
}

// Up to kMaxReferencesPerClass training pictures of each class, evenly spread over their order.
std::vector<std::size_t> choose_references(const dataset::Dataset& data) {
  std::vector<std::vector<std::size_t>> by_class(data.classes.size());
  for (const std::size_t i : samples_of(data, Split::kTrain)) {
    by_class[static_cast<std::size_t>(data.samples[i].label)].push_back(i);
  }
  std::vector<std::size_t> chosen;
  for (const auto& members : by_class) {
    const std::size_t count = std::min(members.size(), kMaxReferencesPerClass);
    for (std::size_t j = 0; j < count; ++j) chosen.push_back(members[j * members.size() / count]);
  }
  return chosen;
}

int choose_neighbours(const dataset::Dataset& data) {
  std::size_t least = data.samples.size();
  for (const auto& count : count_samples(data)) least = std::min(least, count[0]);
  return std::clamp(static_cast<int>(least) / 5, 1, kMaxNeighbours);
}

// The similarity of every picture to the reference set; its own copies do not count.
std::vector<float> measure_similarity(const stats::Matrix& directions, const dataset::Dataset& data,
                                      std::span<const std::size_t> references, int neighbours,
                                      const Context& context) {
  std::vector<std::size_t> everything(data.samples.size());
  for (std::size_t i = 0; i < everything.size(); ++i) everything[i] = i;
  return stats::kth_similarity(directions, groups_of(data, everything), directions.select(references),
                               groups_of(data, references), neighbours, context.threads, context.stop);
}

// Nothing if there is no picture to choose it by.
std::optional<float> choose_threshold(const std::vector<float>& similarity, const dataset::Dataset& data,
                                      bool training_counts) {
  std::vector<float> real;
  for (std::size_t i = 0; i < data.samples.size(); ++i) {
    const Split split = data.samples[i].split;
    if (split == Split::kValidation || (split == Split::kTrain && training_counts))
      real.push_back(similarity[i]);
  }
  if (real.empty()) return std::nullopt;
  return stats::quantile(std::move(real), stats::kRejectedShare);
}

// The pictures of one set, as the network sees them.
struct Seen {
  stats::Matrix embeddings;
  std::vector<float> similarity;  // to the reference pictures
};

// samples: those of the data that `seen` has a row for.
Evaluation evaluate(std::string name, const dataset::Dataset& data, std::span<const std::size_t> samples,
                    const Seen& seen, const stats::LinearModel& head, const model::Metadata& metadata) {
  Evaluation result{.name = std::move(name), .pictures = {.root = data.root, .archive = data.archive}};
  for (const std::size_t i : samples) result.pictures.samples.push_back(data.samples[i]);
  result.labels = labels_of(data, samples);
  const stats::Matrix logits = stats::predict_logits(head, seen.embeddings);
  const auto calibration_error = [&](const stats::Matrix& probabilities) {
    return stats::expected_calibration_error(stats::reliability(probabilities, result.labels));
  };
  result.probabilities = stats::softmax(logits, metadata.temperature);
  result.predicted = stats::argmax(logits);
  result.confusion = stats::confusion(result.labels, result.predicted, data.classes.size());
  result.nll = stats::negative_log_likelihood(logits, result.labels, metadata.temperature);
  result.nll_before = stats::negative_log_likelihood(logits, result.labels);
  result.calibration_error = calibration_error(result.probabilities);
  result.calibration_error_before = calibration_error(stats::softmax(logits));
  result.recognised =
      static_cast<std::size_t>(std::count_if(seen.similarity.begin(), seen.similarity.end(), [&](float s) {
        return !metadata.unknown || s >= metadata.unknown->threshold;
      }));
  if (metadata.conformal) {
    result.sets = stats::count_sets(result.probabilities, result.labels, metadata.conformal->threshold);
  }
  return result;
}

Json to_json(const Evaluation& evaluation, const model::Metadata& metadata) {
  const std::size_t correct = evaluation.confusion.correct();
  const std::size_t total = evaluation.confusion.total();
  const stats::Interval interval = stats::wilson_interval(correct, total);
  Json json = {{"images", total},
               {"correct", correct},
               {"accuracy", evaluation.confusion.accuracy()},
               {"interval_95", {interval.low, interval.high}},
               {"balanced_accuracy", evaluation.confusion.balanced_accuracy()},
               {"nll", evaluation.nll},
               {"calibration_error", evaluation.calibration_error},
               {"nll_before", evaluation.nll_before},
               {"calibration_error_before", evaluation.calibration_error_before}};
  if (metadata.unknown) json["recognised"] = evaluation.recognised;
  if (metadata.conformal) {
    const auto count = static_cast<double>(total);
    json["set_coverage"] = static_cast<double>(evaluation.sets.covered) / count;
    json["set_size"] = static_cast<double>(evaluation.sets.classes) / count;
  }
  return json;
}

// Pictures that cannot be read after all are moved from the data to what was skipped.
Evaluation evaluate_external(ExternalTest& external, const Trained& trained, const stats::Matrix& bank,
                             std::span<const int> bank_groups, const model::Metadata& metadata,
                             const Context& context) {
  embedding::Embeddings embedded = embedding::embed(trained.architecture, trained.backbone,
                                                    trained.preprocessing, external.data, {}, context);
  for (const dataset::LoadFailure& failed : embedded.failures) {
    external.skipped.push_back({external.data.samples[failed.index].path, failed.failure});
  }
  Seen seen{.embeddings = std::move(embedded.values), .similarity = {}};
  if (metadata.unknown) {
    stats::Matrix directions = seen.embeddings;
    stats::normalise_rows(directions);
    const std::vector<int> no_group(directions.rows(), -1);
    seen.similarity = stats::kth_similarity(directions, no_group, bank, bank_groups,
                                            metadata.unknown->neighbours, context.threads, context.stop);
  }
  return evaluate(kExternalTestSet, external.data, embedded.kept, seen, trained.head, metadata);
}

}  // namespace

Finished finish(Trained trained, const dataset::Dataset& data, ExternalTest* external,
                const Context& context) {
  Finished result;
  model::Metadata& metadata = result.checkpoint.metadata;
  metadata.architecture = trained.architecture.name;
  metadata.classes = data.classes;
  metadata.preprocessing = trained.preprocessing;
  const CalibrationSet calibration = calibration_set(trained, data);
  result.calibration_samples = calibration.labels.size();
  metadata.temperature = stats::fit_temperature(calibration.logits, calibration.labels);
  metadata.conformal = choose_sets(calibration, metadata.temperature);

  stats::Matrix directions = trained.embeddings;
  stats::normalise_rows(directions);
  const std::vector<std::size_t> references = choose_references(data);
  const int neighbours = choose_neighbours(data);
  const std::vector<float> similarity = measure_similarity(directions, data, references, neighbours, context);
  // A frozen backbone has learned nothing from the training pictures, so they are as good as new ones.
  const std::optional<float> threshold =
      choose_threshold(similarity, data, trained.held_out_logits.rows() > 0);
  if (threshold) {
    metadata.unknown = model::UnknownRule{neighbours, *threshold};
  } else {
    context.log.warn(
        "no validation images: confidences are not calibrated, and the model will not say \"none of these\"");
  }
  const stats::Matrix bank = directions.select(references);

  for (const auto& [name, split] :
       {std::pair{kValidationSet, Split::kValidation}, {kTestSet, Split::kTest}}) {
    const std::vector<std::size_t> samples = samples_of(data, split);
    if (samples.empty()) continue;
    Seen seen{.embeddings = trained.embeddings.select(samples), .similarity = {}};
    for (const std::size_t i : samples) seen.similarity.push_back(similarity[i]);
    result.evaluations.push_back(evaluate(name, data, samples, seen, trained.head, metadata));
  }
  if (external != nullptr) {
    result.evaluations.push_back(
        evaluate_external(*external, trained, bank, groups_of(data, references), metadata, context));
  }
  for (const Evaluation& evaluation : result.evaluations) {
    metadata.metrics[evaluation.name] = to_json(evaluation, metadata);
  }
  if (external != nullptr) metadata.metrics[kExternalTestSet]["leaks"] = external->leaks.size();

  result.checkpoint.tensors = with_head(std::move(trained.backbone), trained.architecture, trained.head);
  if (!metadata.unknown) return result;
  result.checkpoint.tensors[model::kReferenceTensor] = {
      {static_cast<std::int64_t>(bank.rows()), static_cast<std::int64_t>(bank.columns())},
      {bank.values().begin(), bank.values().end()}};
  return result;
}

}  // namespace winnow::training
