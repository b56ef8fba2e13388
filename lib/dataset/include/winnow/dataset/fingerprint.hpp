#pragma once

#include <cstdint>
#include <filesystem>
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
  image::Quality quality;
};

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
