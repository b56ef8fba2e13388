// What a run is going to do, before it does it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "probe.hpp"
#include "trainer.hpp"
#include "winnow/stats/confusion.hpp"
#include "winnow/training/train.hpp"

namespace winnow::training {

// Up to this side in pixels, pictures from scratch are taken for thumbnails as in MNIST and CIFAR-10: all of
// each is seen, and training shifts and mirrors them instead of cutting out parts.
inline constexpr int kThumbnailSide = 48;

// The options of the trainer for a recipe, kFinetune or kScratch, and pictures of size x size. The
// precision may still be kAuto. Throws as choose_device().
[[nodiscard]] TrainerOptions plan_trainer(Recipe recipe, const TrainingOptions& options, int size,
                                          const dataset::Dataset& data);

// Why fine-tuning would be in vain after a probe with so many mistakes: "it is right ...". Nothing if
// it may help. unseen: pictures that the head had not seen, the validation pictures among them.
[[nodiscard]] std::optional<std::string> why_the_probe_is_enough(std::size_t validation_errors,
                                                                 std::size_t unseen_errors,
                                                                 std::size_t unseen);

// The same from what the probe foretold of training pictures with these labels, and got wrong on validation
// pictures; null: there are none.
[[nodiscard]] std::optional<std::string> why_not_finetune(const ProbeResult& probe,
                                                          const std::vector<int>& labels,
                                                          const stats::Confusion* validation);

// What rank 0 decided and tells the others of its team, and the plan they make of it.
[[nodiscard]] Json decisions_of(const TrainerOptions& plan);
[[nodiscard]] TrainerOptions plan_from(const Json& decisions, const TrainingOptions& options, int size,
                                       const dataset::Dataset& data);

// Takes over what was measured when the run began, for it would not come out the same now.
void resume_plan(const Json& earlier, const TrainingOptions& options, TrainerOptions& plan);

// Throws Error{kInvalid} naming what differs between the configuration of a run and the one to go on with.
void check_resumable(const Json& earlier, const Json& now, const std::string& file);

}  // namespace winnow::training
