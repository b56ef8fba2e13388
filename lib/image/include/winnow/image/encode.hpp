#pragma once

#include "winnow/core/bytes.hpp"
#include "winnow/image/image.hpp"

namespace winnow::image {

// Baseline JPEG, 4:2:0, without metadata. quality in [1, 100].
[[nodiscard]] Bytes encode_jpeg(const Image& image, int quality = 90);

// 8-bit RGB PNG, without metadata: small for pictures of few colours.
[[nodiscard]] Bytes encode_png(const Image& image);

}  // namespace winnow::image
