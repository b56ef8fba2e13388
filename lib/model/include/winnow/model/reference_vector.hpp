// Pictures in a model file with what has to come of them, so that any software can check its own way from a
// picture to an answer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "winnow/core/bytes.hpp"
#include "winnow/core/json.hpp"

namespace winnow::model {

struct ReferencePicture {
  std::string name;           // "wide.png"
  std::string shows;          // which mistake it finds
  Bytes file;                 // encoded, as it would lie on a disk
  std::string pixels_sha256;  // of the network's input, [size, size, 3]
  Bytes grid;                 // kGridSide x kGridSide pixels of it, see sample_grid()
  std::vector<float> logits;  // [classes]
};

struct ReferenceVector {
  static constexpr int kFormatVersion = 1;
  static constexpr int kGridSide = 16;
  std::string engine;        // what gave the logits
  double logit_tolerance{};  // by how much another engine may differ
  std::vector<ReferencePicture> pictures;
};

// Of a picture [size, size, 3] the pixels in row (2 i + 1) size / 32 and column (2 j + 1) size / 32, rounded
// down, for i and j from 0 to 15: [16, 16, 3].
[[nodiscard]] Bytes sample_grid(std::span<const std::uint8_t> pixels, int size);

[[nodiscard]] Json to_json(const ReferenceVector& vector);
// Throws Error{kInvalid | kUnsupported}.
[[nodiscard]] ReferenceVector reference_vector_from_json(const Json& json);

}  // namespace winnow::model
