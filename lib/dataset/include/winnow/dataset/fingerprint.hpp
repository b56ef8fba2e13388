#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "winnow/core/bytes.hpp"
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

// The shorter side at which a JPEG is decoded to be fingerprinted, if it is larger. Hash and measures work on
// fewer pixels anyway, and it is what networks of 224 pixels want too.
inline constexpr int kFingerprintSide = 256;

// Decodes completely: only a picture that decodes to its last row is sound. limits.min_side is ignored.
[[nodiscard]] Result<image::Decoded> decode_to_fingerprint(ByteSpan bytes,
                                                           const image::DecodeOptions& limits);

// sha256, bytes: of the file. picture: as decode_to_fingerprint() gives it. Thread-safe.
[[nodiscard]] Fingerprint make_fingerprint(std::string sha256, std::uint64_t bytes,
                                           const image::Decoded& picture);

struct FingerprintOptions {
  std::uint64_t max_file_bytes = kMaxPictureBytes;
  image::DecodeOptions limits;
};

// Reads and decodes every sample, in parallel and with progress. The result has the order of the samples.
// Throws Error{kCancelled}.
[[nodiscard]] std::vector<Result<Fingerprint>> fingerprint(const Dataset& dataset,
                                                           const FingerprintOptions& options,
                                                           const Context& context);

}  // namespace winnow::dataset
