#include "plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "winnow/stats/calibration.hpp"

namespace winnow::training {
namespace {

// With fewer mistakes than this, even a network without any could not be told from a lucky one: by the sign
// test, 5 pictures more right and none more wrong happen by chance in more than 5 % of all cases (2 / 2^5).
constexpr std::size_t kTellableErrors = 6;
// More mistakes than this share are worth a try even where the validation pictures are few.
constexpr double kGoodErrorRate = 0.02;

// A rare class is drawn more often from this ratio on, by the square root of the ratio.
constexpr double kImbalance = 3;
constexpr double kBalance = 0.5;

// Pictures are only mixed where there are enough epochs for it to pay, and not at the end.
constexpr int kMixEpochs = 30;
constexpr double kMixShare = 0.85;
constexpr int kStrongAugmentEpochs = 20;

double imbalance(const dataset::Dataset& data) {
  std::size_t least = data.samples.size();
  std::size_t most = 0;
  for (const auto& count : count_samples(data)) {
    least = std::min(least, count[0]);
    most = std::max(most, count[0]);
  }
  return static_cast<double>(most) / static_cast<double>(std::max<std::size_t>(least, 1));
}

}  // namespace

std::string_view recipe_name(Recipe recipe) {
  switch (recipe) {
    case Recipe::kAuto:
      return "auto";
    case Recipe::kProbe:
      return "probe";
    case Recipe::kFinetune:
      return "finetune";
    case Recipe::kScratch:
      return "scratch";
  }
  return "";
}

std::string_view precision_name(Precision precision) {
  switch (precision) {
    case Precision::kAuto:
      return "auto";
    case Precision::kFloat32:
      return "fp32";
    case Precision::kBFloat16:
      return "bf16";
  }
  return "";
}

TrainerOptions plan_trainer(Recipe recipe, const TrainingOptions& options, int size,
                            const dataset::Dataset& data) {
  const bool from_scratch = recipe == Recipe::kScratch;
  TrainerOptions plan;
  plan.recipe = recipe;
  plan.size = size;
  plan.epochs = options.epochs > 0 ? options.epochs : from_scratch ? kScratchEpochs : kFinetuneEpochs;
  plan.batch_size = options.batch_size;
  plan.learning_rate = options.learning_rate > 0 ? options.learning_rate
                       : from_scratch            ? kScratchRate
                                                 : kFinetuneRate;
  plan.weight_decay = options.weight_decay;
  plan.label_smoothing = data.classes.size() > 2 ? 0.1 : 0.05;
  if (!from_scratch) {
    plan.head_factor = 1e-3 / 3e-4;  // the head is new, the rest is not
    plan.freeze_statistics = true;
    plan.augment = finetune_augmentation();
  } else if (size <= kThumbnailSide) {
    plan.augment = thumbnail_augmentation(size);
  } else if (plan.epochs >= kStrongAugmentEpochs) {
    plan.augment = scratch_augmentation();
  }
  if (from_scratch && plan.epochs >= kMixEpochs) {
    plan.mix = {.mixup_alpha = 0.2, .cutmix_alpha = 1};
    plan.mix_epochs = static_cast<int>(kMixShare * plan.epochs);
  }
  plan.balance = imbalance(data) > kImbalance ? kBalance : 0;
  plan.precision = options.precision;
  plan.device = choose_device(options.device);
  plan.seed = options.seed;
  return plan;
}

std::optional<std::string> why_the_probe_is_enough(std::size_t validation_errors, std::size_t unseen_errors,
                                                   std::size_t unseen) {
  if (validation_errors >= kTellableErrors || unseen == 0) return std::nullopt;
  const double rate = static_cast<double>(unseen_errors) / static_cast<double>(unseen);
  if (rate > kGoodErrorRate) return std::nullopt;
  return fmt::format(
      "it is right about {} of {} pictures it had not seen, and wrong about {} of the validation pictures, "
      "too few "
      "for fine-tuning to be shown better",
      unseen - unseen_errors, unseen, validation_errors);
}

std::optional<std::string> why_not_finetune(const ProbeResult& probe, const std::vector<int>& labels,
                                            const stats::Confusion* validation) {
  if (validation == nullptr) return "without validation pictures nothing could be compared";
  const std::vector<int> answers = stats::argmax(probe.held_out_logits);
  std::size_t errors = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i] != labels[probe.held_out[i]]) ++errors;
  }
  const std::size_t wrong = validation->total() - validation->correct();
  return why_the_probe_is_enough(wrong, wrong + errors, answers.size() + validation->total());
}

Json decisions_of(const TrainerOptions& plan) {
  return {{"scratch", plan.recipe == Recipe::kScratch},
          {"epochs", plan.epochs},
          {"bf16", plan.precision == Precision::kBFloat16}};
}

TrainerOptions plan_from(const Json& decisions, const TrainingOptions& options, int size,
                         const dataset::Dataset& data) {
  TrainerOptions plan = plan_trainer(
      decisions.at("scratch").get<bool>() ? Recipe::kScratch : Recipe::kFinetune, options, size, data);
  plan.epochs = decisions.at("epochs").get<int>();
  plan.precision = decisions.at("bf16").get<bool>() ? Precision::kBFloat16 : Precision::kFloat32;
  return plan;
}

void resume_plan(const Json& earlier, const TrainingOptions& options, TrainerOptions& plan) {
  if (options.epochs == 0) plan.epochs = earlier.value("epochs", plan.epochs);
  if (plan.precision != Precision::kAuto) return;
  const bool was_half = earlier.value("precision", "") == precision_name(Precision::kBFloat16);
  plan.precision = was_half ? Precision::kBFloat16 : Precision::kFloat32;
}

void check_resumable(const Json& earlier, const Json& now, const std::string& file) {
  for (const auto& [name, value] : now.items()) {
    const Json before = earlier.value(name, Json());
    if (before == value) continue;
    const bool is_short = !value.is_structured() && value.dump().size() < 40;
    throw Error(
        ErrorKind::kInvalid, file,
        fmt::format("cannot resume: {}; give the same data and options, or leave out --resume",
                    is_short ? fmt::format("{} was {} and is {} now", name, before.dump(), value.dump())
                             : fmt::format("its {} were others", name == "data_sha256" ? "pictures" : name)));
  }
}

}  // namespace winnow::training
