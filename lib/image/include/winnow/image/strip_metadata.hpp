#pragma once

#include <optional>

#include "winnow/core/bytes.hpp"

namespace winnow::image {

// The same picture, bit for bit, without what is said about it: EXIF with its places and thumbnails, XMP,
// IPTC, comments, times, and whatever stands after its end. What its colours need stays: JFIF, Adobe's
// marker, ICC profiles and the like. Nothing for formats that are not rewritten (GIF, AVIF, BMP) and for
// files that do not hold together. The orientation goes as well, so this is for upright pictures.
// Thread-safe.
[[nodiscard]] std::optional<Bytes> strip_metadata(ByteSpan bytes);

}  // namespace winnow::image
