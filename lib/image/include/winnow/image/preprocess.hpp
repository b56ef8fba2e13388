// The one way from a picture to what a network sees. Its settings travel in checkpoints and models, so that
// classify and serve do to a photo, to the bit, what train did.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "winnow/core/bytes.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/json.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/image/image.hpp"

namespace winnow::image {

enum class Fit {
  kCrop,    // the centre square whose side is crop_fraction of the shorter side
  kSquash,  // the whole picture, its aspect ratio lost
};

struct Preprocessing {
  int size = 224;  // output is [size, size, 3], 8-bit RGB
  Fit fit = Fit::kCrop;
  double crop_fraction = 0.875;  // in (0, 1], used by kCrop
  // What the network's first layer does to each pixel: (value - mean) / scale, for red, green and blue. It is
  // part of the model's graph.
  std::array<float, 3> mean = {127, 127, 127};
  std::array<float, 3> scale = {128, 128, 128};

  friend bool operator==(const Preprocessing&, const Preprocessing&) = default;
};

[[nodiscard]] Json to_json(const Preprocessing& preprocessing);
// Throws Error{kInvalid} for unknown rules and values out of range.
[[nodiscard]] Preprocessing preprocessing_from_json(const Json& json);
// Equal for equal pixels: a key for caches, such as "rgb-224-crop0.875-v1".
[[nodiscard]] std::string pixel_rule_id(const Preprocessing& preprocessing);

[[nodiscard]] inline std::size_t output_bytes(const Preprocessing& p) {
  return std::size_t{3} * static_cast<std::size_t>(p.size) * static_cast<std::size_t>(p.size);
}

// Decodes (at reduced scale where that loses nothing) and resizes. out has output_bytes() elements. Returns
// what the header said. Thread-safe. limits.min_side is ignored.
[[nodiscard]] Result<ImageInfo> decode_and_preprocess(ByteSpan bytes, const Preprocessing& preprocessing,
                                                      std::span<std::uint8_t> out,
                                                      const DecodeOptions& limits = {});

// Resizes into [out_height, out_width, 3]: area averaging where it shrinks, cubic where it grows.
[[nodiscard]] Image resize(const Image& source, int out_width, int out_height);
// The same into out, [out_height, out_width, 3]. Thread-safe. Throws Error{kInvalid} if a side is below 1 or
// out is of another size.
void resize(const PixelView& source, std::span<std::uint8_t> out, int out_width, int out_height);

// Keeps the aspect ratio and makes the longer side at most max_side. Never enlarges.
[[nodiscard]] Image shrink_to_fit(const Image& source, int max_side);

}  // namespace winnow::image
