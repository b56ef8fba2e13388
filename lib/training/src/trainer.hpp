// The loop behind every recipe that changes weights.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "augmentation.hpp"
#include "mixing.hpp"
#include "picture_store.hpp"
#include "winnow/model/architecture.hpp"
#include "winnow/model/checkpoint.hpp"
#include "winnow/nn/team.hpp"
#include "winnow/training/train.hpp"

namespace winnow::training {

struct TrainerOptions {
  Recipe recipe = Recipe::kScratch;  // or kFinetune
  int size = 224;
  int epochs = 1;
  int batch_size = 32;
  double learning_rate = 1e-3;  // the peak, of the backbone
  double head_factor = 1;       // the head's learning rate, as a multiple of that
  double weight_decay = 0.05;
  double label_smoothing = 0.1;
  bool freeze_statistics = false;  // of batch normalisation
  AugmentOptions augment;
  MixOptions mix;
  int mix_epochs = 0;
  double balance = 0;                         // see BatchOptions
  Precision precision = Precision::kFloat32;  // not kAuto
  Device device = Device::kCpu;               // not kAuto
  std::uint64_t seed = 1;
};

// Everything that decides what training arrives at; a run is only resumed with an equal one.
[[nodiscard]] Json to_json(const TrainerOptions& options);

struct EpochResult {
  int epoch = 0;          // from 1
  std::int64_t step = 0;  // optimiser steps so far
  double learning_rate = 0;
  double train_loss = 0;
  double val_nll = std::numeric_limits<double>::quiet_NaN();  // both without validation pictures
  double val_accuracy = std::numeric_limits<double>::quiet_NaN();
  double images_per_second = 0;  // in training
  double seconds = 0;            // for training and validation
};
// A row of metrics.jsonl.
[[nodiscard]] Json to_json(const EpochResult& epoch);
// Throws Json::exception.
[[nodiscard]] EpochResult epoch_from_json(const Json& json);

// What a run learns from, and with whom.
struct TrainerInput {
  const model::Architecture& architecture;  // with its head
  const model::TensorMap* weights;          // to start from; null: random ones
  const PictureStore& training;
  const PictureStore& validation;  // may be empty
  nn::Team& team;                  // all with equal pictures, options and files.config
};

// Where checkpoints go while the run lasts, and what they say of themselves.
struct TrainerFiles {
  std::filesystem::path best;
  std::filesystem::path last;
  model::Metadata metadata;
  Json config;  // kept in `last`, see to_json(TrainerOptions)
};

// AdamW with warm-up and cosine, label smoothing, clipped gradients and a running average of the weights,
// which is what is validated and kept. Stops early when the validation loss has not fallen for long. Returns
// the tensors of the epoch with the lowest validation loss; without validation pictures those of the last.
//
// `last` is written after the first epoch, now and then (at most a twentieth of the time goes into writing)
// and upon a stop; it holds all that `resume_from` needs for the run to arrive at the same weights, to the
// bit, as if it had never been broken. `best` is written with it. A disk that is full costs a warning.
// on_epoch is called after each epoch, first for those that a resumed run has behind it.
//
// In a team everybody calls it. Rank 0's weights are where all begin, and it alone writes, resumes and
// returns tensors; the rest is the same in all. If anybody is stopped, all are.
//
// Throws Error{kCancelled}; Error{kInvalid} when the loss stops being a number or grows beyond guessing;
// Error{kUnsupported} for want of memory; Error{kNetwork} when another process of the team has gone.
[[nodiscard]] model::TensorMap train_network(const TrainerInput& input, const TrainerOptions& options,
                                             const TrainerFiles& files,
                                             const std::optional<model::Checkpoint>& resume_from,
                                             const Context& context,
                                             const std::function<void(const EpochResult&)>& on_epoch);

struct StepTrial {
  Precision precision = Precision::kFloat32;
  double seconds = 0;  // for one step
};

// Takes a few steps on made-up pictures. With Precision::kAuto float32 and bfloat16 are compared, and the
// faster one is the answer: bfloat16 only where the processor computes in it, and only if it is clearly
// faster, so that the choice is the same every time. On CUDA bfloat16. float32 for networks that need it.
[[nodiscard]] StepTrial try_steps(const model::Architecture& architecture, const TrainerOptions& options,
                                  const Context& context);

// CUDA where LibTorch has it and a device is there. Throws Error{kUnsupported} if it is asked for in vain.
[[nodiscard]] Device choose_device(Device wanted);

}  // namespace winnow::training
