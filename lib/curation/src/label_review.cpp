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
constexpr int kRounds = 2;  // of rejecting: each makes the next more sure of itself, right or wrong
constexpr double kListedShare = 0.05;
constexpr double kSureMargin = 1.0 / 3;  // of two classes: the other is twice as probable as the one given
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

// What out-of-fold predictions say of the labels that are there now.
struct LabelCheck {
  LabelQuality quality;
  stats::Matrix probabilities;  // [learnable, classes]
  std::vector<stats::LabelError> errors;
};

LabelCheck check_labels(const Learnable& learnable, std::size_t classes, const CurationOptions& options,
                        const Context& context, const Draft& draft) {
  const stats::CrossValidationOptions validation{.penalties = kPenalties, .seed = options.split.seed};
  Progress progress(context.terminal, "checking labels", validation.folds * validation.penalties.size());
  const stats::CrossValidation held_out =
      stats::cross_validate(draft.embeddings, learnable.labels, learnable.groups, static_cast<int>(classes),
                            validation, context.threads, context.stop, [&] { progress.advance(); });
  LabelCheck check{.quality = {}, .probabilities = stats::softmax(held_out.logits), .errors = {}};
  stats::ConfidentLearning learned = stats::find_label_errors(check.probabilities, learnable.labels);
  check.errors = std::move(learned.errors);
  check.quality = {held_out.steps[held_out.best].accuracy, learned.noise_rate};
  check.quality.trusted =
      check.quality.accuracy >= kTrustedAccuracy && check.quality.noise_rate <= kTrustedNoise;
  return check;
}

// Where the predictions are often wrong a list of all they disagree with is long and half of it false. Of
// each class the worst twentieth is worth a person's time, and beyond it what they are sure of.
void shorten(const Learnable& learnable, std::size_t classes, std::vector<stats::LabelError>& errors) {
  std::vector<std::size_t> room(classes);
  for (const int label : learnable.labels) ++room[static_cast<std::size_t>(label)];
  for (std::size_t& count : room) {
    count = static_cast<std::size_t>(std::ceil(kListedShare * static_cast<double>(count)));
  }
  std::erase_if(errors, [&](const stats::LabelError& error) {  // the lowest margin comes first
    std::size_t& left = room[static_cast<std::size_t>(learnable.labels[error.sample])];
    if (left > 0) {
      --left;
      return false;
    }
    return error.margin > kSureMargin;
  });
}

void note_label_errors(const Learnable& learnable, std::span<const std::string> classes,
                       const std::vector<stats::LabelError>& errors, bool rejecting, Draft& draft) {
  for (const stats::LabelError& error : errors) {
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

// Forgets the pictures that are not kept any more. Returns whether there were any.
bool drop_rejected(const Draft& draft, Learnable& learnable, stats::Matrix& embeddings) {
  std::vector<std::size_t> rows;
  Learnable left;
  for (std::size_t k = 0; k < learnable.positions.size(); ++k) {
    if (!draft.row_of_sound(learnable.positions[k]).keep) continue;
    rows.push_back(k);
    left.positions.push_back(learnable.positions[k]);
    left.labels.push_back(learnable.labels[k]);
    left.groups.push_back(learnable.groups[k]);
  }
  if (rows.size() == learnable.positions.size()) return false;
  embeddings.keep_rows(rows);
  learnable = std::move(left);
  return true;
}

void note_self_confidence(const Learnable& learnable, const stats::Matrix& probabilities, Draft& draft) {
  ScoreSpread spread{"Probability of the label given", {}, 0};
  for (std::size_t k = 0; k < learnable.labels.size(); ++k) {
    spread.scores.push_back(probabilities.row(k)[static_cast<std::size_t>(learnable.labels[k])]);
  }
  draft.spreads.push_back(std::move(spread));
}

}  // namespace

std::optional<LabelQuality> review_labels(std::span<const std::string> classes, std::span<const int> related,
                                          const CurationOptions& options, const Context& context,
                                          Draft& draft) {
  Learnable learnable = collect(classes, related, draft);
  draft.embeddings.keep_rows(learnable.positions);
  if (learnable.positions.size() < kMinPictures) return std::nullopt;
  note_outliers(learnable, options, context, draft);
  if (std::set(learnable.labels.begin(), learnable.labels.end()).size() < 2) return std::nullopt;

  std::optional<LabelQuality> quality;  // of the labels as they came
  for (int round = 1; round <= kRounds; ++round) {
    LabelCheck check = check_labels(learnable, classes.size(), options, context, draft);
    if (round == 1) {
      quality = check.quality;
      note_self_confidence(learnable, check.probabilities, draft);
    }
    const bool rejecting = options.reject_label_errors && check.quality.trusted;
    if (!check.quality.trusted) shorten(learnable, classes.size(), check.errors);
    note_label_errors(learnable, classes, check.errors, rejecting, draft);
    // Heads that the wrong labels have misled no longer may see others.
    if (!rejecting || !drop_rejected(draft, learnable, draft.embeddings)) break;
  }
  if (options.reject_label_errors && !quality->trusted) {
    context.log.warn(
        "probable label errors are listed, not rejected: predictions agree with {:.1f} % of the labels and "
        "{:.1f} % seem wrong; rejecting takes 95 % and at most 15 %",
        100 * quality->accuracy, 100 * quality->noise_rate);
  }
  return quality;
}

}  // namespace winnow::curation
