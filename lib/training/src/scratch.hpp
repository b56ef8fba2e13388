#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "winnow/image/preprocess.hpp"
#include "winnow/model/architecture.hpp"
#include "winnow/model/safetensors.hpp"
#include "winnow/training/train.hpp"

namespace winnow::training {

struct EpochResult {
  int epoch;          // from 1
  std::int64_t step;  // optimiser steps so far
  double learning_rate;
  double train_loss;
  double val_nll;  // NaN without validation pictures
  double val_accuracy;
  double images_per_second;  // in training
  double seconds;            // for training and validation
};

// Trains a network from random weights: AdamW, warm-up and cosine, label smoothing, random crops and flips.
// on_start is called once, when the pictures have been read and there is something to learn from; on_epoch
// after each epoch with a function that copies the network's weights. Returns the tensors of the epoch with
// the lowest validation loss; without validation pictures those of the last. Pictures that cannot be read are
// dropped from the data. Throws as check_classes(); Error{kUnsupported} if the pictures do not fit into
// memory, Error{kInvalid} when the loss stops being a number.
[[nodiscard]] model::TensorMap train_from_scratch(
    const model::Architecture& architecture, const image::Preprocessing& preprocessing,
    dataset::Dataset& data, const TrainingOptions& options, std::vector<SkippedImage>& skipped,
    const Context& context, const std::function<void()>& on_start,
    const std::function<void(const EpochResult&, const std::function<model::TensorMap()>&)>& on_epoch);

}  // namespace winnow::training
