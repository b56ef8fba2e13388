#pragma once

#include <optional>
#include <string>

#include "winnow/core/bytes.hpp"

namespace winnow::test {

struct ColourNetworkOptions {
  enum class Input { kPixels, kFloatPlanes, kFloatPixels };  // uint8 NHWC as ours, or float as others have it
  Input input = Input::kPixels;
  std::string batch = "n";       // or a number
  std::optional<int> side = 32;  // else the graph leaves it open
  int classes = 3;               // or 2, without blue
  bool logits = true;            // which of the two are outputs
  bool softmax = true;
  bool activation_map = false;  // [n, classes, 4, 4]; only for sides of 32
  bool similarity = false;      // how bright the picture is, from 0 to 1
  std::string metadata;         // JSON; as one of somebody else's without
};

// An ONNX network that says which of red, green and blue a picture has most of: its logits are the means of
// the colours, those of pixels divided by 16.
[[nodiscard]] Bytes colour_network(const ColourNetworkOptions& options = {});

// One of ours, with metadata, and with "none of these" for dark pictures.
[[nodiscard]] Bytes colour_model(ColourNetworkOptions options = {});

}  // namespace winnow::test
