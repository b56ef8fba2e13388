#pragma once

#include <string>
#include <vector>

#include "winnow/training/train.hpp"

namespace winnow::training {

// Makes sure that the data has splits without leaks: where it brings none, unreadable pictures are dropped,
// copies are found, and whole groups of copies are dealt out. Then does as check_classes().
void prepare(dataset::Dataset& data, const dataset::SplitOptions& split, std::vector<SkippedImage>& skipped,
             const Context& context);

inline constexpr std::size_t kMinTrainingImages = 2;

// That there is something to learn: at least two classes, each with kMinTrainingImages to train on. To be
// asked again once pictures have been read, for files can be gone. Throws Error{kInvalid}.
void check_classes(const dataset::Dataset& data);

// How many groups have pictures in more than one split. 0 is right.
[[nodiscard]] std::size_t count_leaks(const dataset::Dataset& data);

// SHA-256 of all paths, labels and splits: equal for equal data.
[[nodiscard]] std::string hash_samples(const dataset::Dataset& data);

}  // namespace winnow::training
