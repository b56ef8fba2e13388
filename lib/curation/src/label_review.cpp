#include "label_review.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "winnow/core/progress.hpp"
#include "winnow/stats/calibration.hpp"
#include "winnow/stats/confident_learning.hpp"
#include "winnow/stats/cross_validation.hpp"
#include "winnow/stats/neighbours.hpp"
#include "winnow/stats/outliers.hpp"

namespace winnow::curation {
namespace {

using dataset::CuratedRow;

constexpr std::size_t kMinPictures = 20;
constexpr double kTrustedAccuracy = 0.95;
constexpr double kTrustedNoise = 0.15;
// Weaker penalties would learn the wrong labels by heart.
const std::vector<double> kPenalties = {3e-2, 1e-2};

// The kept pictures, as the statistics want them.
struct Learnable {
  std::vector<std::size_t> positions;  // in Draft::sound
  std::vector<int> labels;
  std::vector<int> groups;
};

Learnable collect(std::span<const std::string> classes, std::span<const int> related, const Draft& draft) {
  Learnable learnable;
  learnable.positions = draft.kept();
  for (const std::size_t i : learnable.positions) {
    const auto at = std::lower_bound(classes.begin(), classes.end(), draft.row_of_sound(i).label);
    learnable.labels.push_back(static_cast<int>(at - classes.begin()));
    learnable.groups.push_back(related[i]);
  }
  return learnable;
}

void note_outliers(const Learnable& learnable, const CurationOptions& options, const Context& context,
                   Draft& draft) {
  const stats::Outliers outliers = stats::find_outliers(
      draft.embeddings, learnable.groups, {.seed = options.split.seed}, context.threads, context.stop);
  const float median = stats::quantile(outliers.distances, 0.5);
  draft.spreads.push_back({std::string(find_review_type(kOutlier)->title), outliers.scores,
                           median > 0 ? std::exp(-outliers.threshold / median) : 0});
  for (const std::size_t k : outliers.samples) {
    const std::size_t i = learnable.positions[k];
    if (draft.is_decided(i)) continue;
    draft.row_of_sound(i).issues.push_back({kOutlier,
                                            fmt::format("{:.2f} from its nearest neighbours, beyond {:.2f}",
                                                        outliers.distances[k], outliers.threshold),
                                            outliers.scores[k]});
  }
}

void note_label_errors(const Learnable& learnable, std::span<const std::string> classes,
                       const stats::ConfidentLearning& learned, bool rejecting, Draft& draft) {
  for (const stats::LabelError& error : learned.errors) {
    const std::size_t i = learnable.positions[error.sample];
    if (draft.is_decided(i)) continue;
    const std::string& suggested = classes[static_cast<std::size_t>(error.suggested)];
    CuratedRow& row = draft.row_of_sound(i);
    dataset::Issue issue{kLabelError, fmt::format("looks like {}", suggested), error.margin, suggested};
    if (rejecting) {
      reject(row, std::move(issue));
    } else {
      row.issues.push_back(std::move(issue));
    }
  }
}

}  // namespace

std::optional<LabelQuality> review_labels(std::span<const std::string> classes, std::span<const int> related,
                                          const CurationOptions& options, const Context& context,
                                          Draft& draft) {
  const Learnable learnable = collect(classes, related, draft);
  draft.embeddings.keep_rows(learnable.positions);
  if (learnable.positions.size() < kMinPictures) return std::nullopt;
  note_outliers(learnable, options, context, draft);
  if (std::set(learnable.labels.begin(), learnable.labels.end()).size() < 2) return std::nullopt;

  const stats::CrossValidationOptions validation{.penalties = kPenalties, .seed = options.split.seed};
  Progress progress(context.terminal, "checking labels", validation.folds * validation.penalties.size());
  const stats::CrossValidation held_out = stats::cross_validate(
      draft.embeddings, learnable.labels, learnable.groups, static_cast<int>(classes.size()), validation,
      context.threads, context.stop, [&] { progress.advance(); });
  const stats::Matrix probabilities = stats::softmax(held_out.logits);
  const stats::ConfidentLearning learned = stats::find_label_errors(probabilities, learnable.labels);
  ScoreSpread spread{"Probability of the label given", {}, 0};
  for (std::size_t k = 0; k < learnable.labels.size(); ++k) {
    spread.scores.push_back(probabilities.row(k)[static_cast<std::size_t>(learnable.labels[k])]);
  }
  draft.spreads.push_back(std::move(spread));

  LabelQuality quality{held_out.steps[held_out.best].accuracy, learned.noise_rate};
  quality.trusted = quality.accuracy >= kTrustedAccuracy && quality.noise_rate <= kTrustedNoise;
  if (options.reject_label_errors && !quality.trusted) {
    context.log.warn(
        "probable label errors are listed, not rejected: predictions agree with {:.1f} % of the labels and "
        "{:.1f} % seem wrong; rejecting takes 95 % and at most 15 %",
        100 * quality.accuracy, 100 * quality.noise_rate);
  }
  note_label_errors(learnable, classes, learned, options.reject_label_errors && quality.trusted, draft);
  return quality;
}

}  // namespace winnow::curation
