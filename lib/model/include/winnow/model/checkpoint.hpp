#pragma once

#include <filesystem>

#include "winnow/model/metadata.hpp"
#include "winnow/model/safetensors.hpp"

namespace winnow::model {

// What training leaves and export reads: the network's tensors under their names, and what is known of it.
// A safetensors file, so other software can read it too. See docs/formats/run.md.
struct Checkpoint {
  Metadata metadata;
  TensorMap tensors;
  Json training_state = nullptr;  // what an unfinished run needs to go on, beside tensors; null: nothing
};

// Pictures the network was trained on, as unit vectors [pictures, embedding_size]: what "unlike anything it
// was trained on" is measured against.
inline constexpr const char* kReferenceTensor = "unknown.reference";

// That tensor. Throws Error{kInvalid} if it is missing, of another width, or holds fewer than `neighbours`.
[[nodiscard]] const Tensor& require_reference(const TensorMap& tensors, int embedding_size, int neighbours);

// Throws Error{kNotFound | kIo | kInvalid | kUnsupported}.
[[nodiscard]] Checkpoint read_checkpoint(const std::filesystem::path& file);

// Atomic. Throws Error{kIo}.
void write_checkpoint(const std::filesystem::path& file, const Checkpoint& checkpoint);

}  // namespace winnow::model
