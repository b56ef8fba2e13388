// What bytes are, told from the bytes alone: names and headers are never trusted.
#pragma once

#include <string_view>

#include "winnow/core/bytes.hpp"

namespace winnow::image {

enum class Format {
  kUnknown,
  kEmpty,
  // decoded here
  kJpeg,
  kPng,
  kWebp,
  kGif,
  kAvif,
  kBmp,
  // recognised, so that an error can say what the file is instead
  kTiff,
  kHeic,
  kSvg,
  kHtml,
  kPdf,
};

// Looks at the first bytes only (at most 1 KiB).
[[nodiscard]] Format detect_format(ByteSpan bytes);

// True for the formats that decode() reads.
[[nodiscard]] bool is_decodable(Format format);

// For people: "JPEG", "HTML page", "empty file".
[[nodiscard]] std::string_view describe(Format format);

// Without the dot: "jpg", "png", ... Empty for what is not decodable.
[[nodiscard]] std::string_view file_extension(Format format);

// True if a file name of this extension (any case, "jpeg" and "jpg" alike) may hold the format.
[[nodiscard]] bool extension_matches(std::string_view file_name, Format format);
// Whether a file is called like a picture that decode() reads.
[[nodiscard]] bool is_picture_name(std::string_view file_name);

}  // namespace winnow::image
