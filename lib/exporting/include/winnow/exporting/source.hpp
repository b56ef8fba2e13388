#pragma once

#include <filesystem>
#include <string>

#include "winnow/model/checkpoint.hpp"

namespace winnow::exporting {

// What a model file is made of.
struct Source {
  std::string name;  // what errors call it
  model::Checkpoint checkpoint;
};

// A run folder (its best.ckpt) or a checkpoint. Throws Error{kNotFound | kInvalid | kUnsupported | kIo}.
[[nodiscard]] Source open_run(const std::filesystem::path& run_or_checkpoint);

}  // namespace winnow::exporting
