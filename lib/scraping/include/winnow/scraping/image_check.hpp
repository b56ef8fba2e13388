#pragma once

#include <cstdint>

#include "winnow/core/bytes.hpp"
#include "winnow/core/error.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/image/perceptual_hash.hpp"
#include "winnow/scraping/stored_form.hpp"

namespace winnow::scraping {

struct ImageRequirements {
  int min_side = 64;  // pixels of the shorter side
  std::uint64_t max_pixels = image::DecodeOptions{}.max_pixels;
};

struct CheckedImage {
  image::ImageInfo info;
  image::PerceptualHash look;
  image::Image picture;  // for stored_form(), if it will make the picture smaller
};

// Whether bytes from a stranger are a picture worth keeping: what they are is told from themselves, and they
// are decoded to the end. Failure codes: "empty", "not_an_image", "unsupported_format", "too_many_pixels",
// "too_small", "truncated", "corrupt". Thread-safe.
[[nodiscard]] Result<CheckedImage> check_image(ByteSpan bytes, const ImageRequirements& requirements,
                                               const StorageOptions& storage = {});

}  // namespace winnow::scraping
