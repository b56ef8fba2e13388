#pragma once

#include <vector>

#include "winnow/training/train.hpp"

namespace winnow::training {

// Makes sure that the data has splits without leaks: where it brings none, unreadable pictures are dropped,
// copies are found, and whole groups of copies are dealt out. Then checks that there is something to learn:
// at least two classes, each with kMinTrainingImages to train on. Throws Error{kInvalid}.
void prepare(dataset::Dataset& data, const dataset::SplitOptions& split, std::vector<SkippedImage>& skipped,
             const Context& context);

inline constexpr std::size_t kMinTrainingImages = 2;

// How many groups have pictures in more than one split. 0 is right.
[[nodiscard]] std::size_t count_leaks(const dataset::Dataset& data);

}  // namespace winnow::training
