// What a run will take of time and memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "trainer.hpp"
#include "winnow/embedding/backbone.hpp"
#include "winnow/training/train.hpp"

namespace winnow::training {

// Seconds of one epoch with its validation.
[[nodiscard]] double epoch_seconds(const dataset::Dataset& data, const TrainerOptions& plan,
                                   const StepTrial& trial);

// Bytes that decoded pictures may take: options.memory, or a share of the machine's.
[[nodiscard]] std::uint64_t picture_memory(const TrainingOptions& options);

// The lines of describe_plan(), for data with splits. head_architecture: the network with its head. backbone:
// of the pretrained network; without tensors for scratch.
[[nodiscard]] std::vector<std::string> describe_run(const dataset::Dataset& data,
                                                    const TrainingOptions& options,
                                                    const model::Architecture& head_architecture,
                                                    const embedding::Backbone& backbone,
                                                    const image::Preprocessing& preprocessing,
                                                    const Context& context);

// Decides by a few steps what the plan leaves open: the precision, and how many of its epochs fit into so
// many seconds. processes: how many share each batch.
void settle_plan(TrainerOptions& plan, const model::Architecture& architecture, const dataset::Dataset& data,
                 int processes, std::optional<double> seconds, const Context& context);

}  // namespace winnow::training
