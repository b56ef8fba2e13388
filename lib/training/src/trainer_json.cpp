// What of a trainer stands in files.
#include <limits>

#include "trainer.hpp"

namespace winnow::training {

Json to_json(const EpochResult& epoch) {
  return {{"epoch", epoch.epoch},
          {"step", epoch.step},
          {"lr", epoch.learning_rate},
          {"train_loss", epoch.train_loss},
          {"val_nll", epoch.val_nll},
          {"val_accuracy", epoch.val_accuracy},
          {"images_per_second", epoch.images_per_second},
          {"seconds", epoch.seconds}};
}

Json to_json(const TrainerOptions& options) {
  return {{"recipe", recipe_name(options.recipe)},
          {"size", options.size},
          {"epochs", options.epochs},
          {"batch", options.batch_size},
          {"lr", options.learning_rate},
          {"head_factor", options.head_factor},
          {"weight_decay", options.weight_decay},
          {"label_smoothing", options.label_smoothing},
          {"freeze_statistics", options.freeze_statistics},
          {"mixup", options.mix.mixup_alpha},
          {"cutmix", options.mix.cutmix_alpha},
          {"mix_epochs", options.mix_epochs},
          {"trivial_augment", options.augment.trivial_augment},
          {"balance", options.balance},
          {"precision", precision_name(options.precision)},
          {"seed", options.seed}};
}

EpochResult epoch_from_json(const Json& json) {
  const auto number = [&](const char* name) {
    const Json& value = json.at(name);  // JSON writes what is not a number as null
    return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
  };
  return {.epoch = json.at("epoch").get<int>(),
          .step = json.at("step").get<std::int64_t>(),
          .learning_rate = number("lr"),
          .train_loss = number("train_loss"),
          .val_nll = number("val_nll"),
          .val_accuracy = number("val_accuracy"),
          .images_per_second = number("images_per_second"),
          .seconds = number("seconds")};
}

}  // namespace winnow::training
