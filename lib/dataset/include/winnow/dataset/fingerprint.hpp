#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "winnow/core/context.hpp"
#include "winnow/core/error.hpp"
#include "winnow/dataset/dataset.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/image/perceptual_hash.hpp"
#include "winnow/image/quality.hpp"

namespace winnow::dataset {

// What identifies a picture: its bytes, and how it looks.
struct Fingerprint {
  std::string sha256;
  std::uint64_t bytes = 0;
  image::ImageInfo info;
  image::PerceptualHash look;
  std::optional<image::PerceptualHash> inner = {};  // without its border, if it has one
  image::Quality quality;
};

// Differing bits of how two pictures look, with or without their borders, whichever is fewer.
[[nodiscard]] inline int look_distance(const Fingerprint& a, const Fingerprint& b) {
  const int whole = image::distance(a.look, b.look);
  if (!a.inner && !b.inner) return whole;
  return std::min(whole, image::distance(a.inner.value_or(a.look), b.inner.value_or(b.look)));
}

struct FingerprintOptions {
  std::uint64_t max_file_bytes = 256'000'000;
  image::DecodeOptions limits;
};

// Reads and fully decodes every sample, in parallel and with progress. The result has the order of the
// samples. Throws Error{kCancelled}.
[[nodiscard]] std::vector<Result<Fingerprint>> fingerprint(const Dataset& dataset,
                                                           const FingerprintOptions& options,
                                                           const Context& context);

}  // namespace winnow::dataset
