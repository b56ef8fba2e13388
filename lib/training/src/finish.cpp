#include "finish.hpp"

#include <algorithm>

#include "winnow/stats/calibration.hpp"
#include "winnow/stats/interval.hpp"
#include "winnow/stats/neighbours.hpp"

namespace winnow::training {
namespace {

// A picture is "none of these" when it is less like the training pictures than this share of real ones is.
constexpr double kRejectedShare = 0.05;
constexpr int kMaxNeighbours = 10;
// More reference pictures make the model file larger but the answer hardly better.
constexpr std::size_t kMaxReferencesPerClass = 256;

using dataset::Split;

std::vector<int> labels_of(const dataset::Dataset& data, std::span<const std::size_t> samples) {
  std::vector<int> labels;
  for (const std::size_t i : samples) labels.push_back(data.samples[i].label);
  return labels;
}

std::vector<int> groups_of(const dataset::Dataset& data, std::span<const std::size_t> samples) {
  std::vector<int> groups;
  for (const std::size_t i : samples) groups.push_back(data.samples[i].group);
  return groups;
}

double choose_temperature(const Trained& trained, const dataset::Dataset& data) {
  const std::vector<std::size_t> validation = samples_of(data, Split::kValidation);
  const stats::Matrix logits = stats::predict_logits(trained.head, trained.embeddings.select(validation));
  const std::size_t classes = trained.head.bias.size();
  stats::Matrix all(trained.held_out_logits.rows() + logits.rows(), classes);
  std::copy(trained.held_out_logits.values().begin(), trained.held_out_logits.values().end(),
            all.values().begin());
  std::copy(logits.values().begin(), logits.values().end(),
            all.values().begin() + static_cast<std::ptrdiff_t>(trained.held_out_logits.values().size()));
  std::vector<int> labels = trained.held_out_labels;
  for (const std::size_t i : validation) labels.push_back(data.samples[i].label);
  return stats::fit_temperature(all, labels);
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
  std::vector<int> counts(data.classes.size());
  for (const std::size_t i : samples_of(data, Split::kTrain))
    ++counts[static_cast<std::size_t>(data.samples[i].label)];
  return std::clamp(*std::min_element(counts.begin(), counts.end()) / 5, 1, kMaxNeighbours);
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
  return stats::quantile(std::move(real), kRejectedShare);
}

Evaluation evaluate(Split split, const Trained& trained, const dataset::Dataset& data, double temperature,
                    const std::vector<float>& similarity, std::optional<float> threshold) {
  Evaluation result{.split = split, .samples = samples_of(data, split)};
  result.labels = labels_of(data, result.samples);
  const stats::Matrix logits = stats::predict_logits(trained.head, trained.embeddings.select(result.samples));
  result.probabilities = stats::softmax(logits, temperature);
  result.predicted = stats::argmax(logits);
  result.confusion = stats::confusion(result.labels, result.predicted, data.classes.size());
  result.nll = stats::negative_log_likelihood(logits, result.labels, temperature);
  result.calibration_error =
      stats::expected_calibration_error(stats::reliability(result.probabilities, result.labels));
  result.recognised = static_cast<std::size_t>(
      std::count_if(result.samples.begin(), result.samples.end(),
                    [&](std::size_t i) { return !threshold || similarity[i] >= *threshold; }));
  return result;
}

Json to_json(const Evaluation& evaluation) {
  const std::size_t correct = evaluation.confusion.correct();
  const std::size_t total = evaluation.confusion.total();
  const stats::Interval interval = stats::wilson_interval(correct, total);
  return {{"images", total},
          {"correct", correct},
          {"accuracy", evaluation.confusion.accuracy()},
          {"interval_95", {interval.low, interval.high}},
          {"balanced_accuracy", evaluation.confusion.balanced_accuracy()},
          {"nll", evaluation.nll},
          {"calibration_error", evaluation.calibration_error},
          {"recognised", evaluation.recognised}};
}

void add_head(const stats::LinearModel& head, const std::string& name, model::TensorMap& tensors) {
  const auto classes = static_cast<std::int64_t>(head.weights.rows());
  const auto width = static_cast<std::int64_t>(head.weights.columns());
  tensors[name + ".weight"] = {{classes, width},
                               {head.weights.values().begin(), head.weights.values().end()}};
  tensors[name + ".bias"] = {{classes}, head.bias};
}

}  // namespace

Finished finish(Trained trained, const dataset::Dataset& data, const Context& context) {
  Finished result;
  model::Metadata& metadata = result.checkpoint.metadata;
  metadata.architecture = trained.architecture.name;
  metadata.classes = data.classes;
  metadata.preprocessing = trained.preprocessing;
  metadata.temperature = choose_temperature(trained, data);

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

  for (const Split split : {Split::kValidation, Split::kTest}) {
    if (samples_of(data, split).empty()) continue;
    result.evaluations.push_back(evaluate(split, trained, data, metadata.temperature, similarity, threshold));
    metadata.metrics[std::string(to_string(split))] = to_json(result.evaluations.back());
  }

  result.checkpoint.tensors = std::move(trained.backbone);
  add_head(trained.head, trained.architecture.head, result.checkpoint.tensors);
  if (!metadata.unknown) return result;
  const stats::Matrix bank = directions.select(references);
  result.checkpoint.tensors[model::kReferenceTensor] = {
      {static_cast<std::int64_t>(bank.rows()), static_cast<std::int64_t>(bank.columns())},
      {bank.values().begin(), bank.values().end()}};
  return result;
}

}  // namespace winnow::training
