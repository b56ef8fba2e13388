#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "winnow/core/json.hpp"
#include "winnow/dataset/dataset.hpp"
#include "winnow/model/checkpoint.hpp"

namespace winnow::exporting {

// What a model file is made of.
struct Source {
  std::string name;  // what errors call it
  model::Checkpoint checkpoint;
  Json model_card = nullptr;                  // null: there is none
  std::optional<dataset::Dataset> data = {};  // what it was trained on, with its splits, if that can be found
};

// A run folder (its best.ckpt) or a checkpoint, with the card and the pictures that the files beside it name.
// The checkpoint's hash goes into its provenance. Throws Error{kNotFound | kInvalid | kUnsupported | kIo}.
[[nodiscard]] Source open_run(const std::filesystem::path& run_or_checkpoint);

}  // namespace winnow::exporting
