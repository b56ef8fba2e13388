#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "winnow/training/train.hpp"

namespace winnow::training {

// The pictures of --test: a set of its own, that plays no part in training, in any choice or in calibration.
struct ExternalTest {
  dataset::Dataset data;              // labels count in the classes of the training data; splits mean nothing
  std::vector<std::string> leaks;     // left out: copies of pictures trained or validated on
  std::vector<SkippedImage> skipped;  // left out: cannot be read
};

// folder: a folder with one subfolder per class, or a curated manifest, of which all kept pictures are taken.
// A copy has the same bytes as a picture of the training or validation split of `training`, or looks the same
// (dataset::find_duplicates). Throws as dataset::open_dataset(); Error{kInvalid} if it has classes that the
// training data does not have, or if nothing is left of it.
[[nodiscard]] ExternalTest open_external_test(const std::filesystem::path& folder,
                                              const dataset::Dataset& training, const Context& context);

}  // namespace winnow::training
