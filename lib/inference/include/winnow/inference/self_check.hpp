#pragma once

#include <string>
#include <vector>

#include "winnow/core/bytes.hpp"

namespace winnow::inference {

// How this machine does on one of a model's reference pictures.
struct CheckedPicture {
  std::string name;
  std::string failure;        // why it could not be decoded; empty: it was
  bool same_pixels = false;   // to the bit
  int pixel_difference = 0;   // the largest of the grid's, in [0, 255]
  double logit_difference{};  // the largest
};

struct SelfCheck {
  bool graph_is_intact = false;  // its hash is the one that was written with it
  std::string engine;            // what gave the logits that are compared with
  double logit_tolerance{};
  std::vector<CheckedPicture> pictures;

  // Pixels may differ by kPixelTolerance, as decoders of JPEG do. Logits are held to the tolerance where the
  // pixels are the same to the bit.
  static constexpr int kPixelTolerance = 2;
  [[nodiscard]] bool holds() const;
};

// Sends a model's reference pictures through our decoding, preprocessing and engine, in full precision.
// Throws Error{kInvalid | kUnsupported}: not a model of winnow-export, of a newer format, without reference
// pictures.
[[nodiscard]] SelfCheck self_check(ByteSpan onnx, unsigned threads);

}  // namespace winnow::inference
