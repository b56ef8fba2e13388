#pragma once

#include <optional>

#include "winnow/core/bytes.hpp"
#include "winnow/core/error.hpp"
#include "winnow/image/decode.hpp"

namespace winnow::scraping {

struct StorageOptions {
  bool keep_exif = false;  // and everything else that is said about a picture in its file
  int max_side = 0;        // pixels of the longer side, 0 as it came
  int quality = 90;        // 1 to 100, of the JPEGs that pictures become which are turned or made smaller
};

struct StoredForm {
  Bytes bytes;
  image::Format format;
  int width;
  int height;
};

// The shorter side, in pixels, that a decoded picture must have for stored_form() to make it smaller; 0 if it
// will not.
[[nodiscard]] int side_to_shrink(const image::ImageInfo& info, const StorageOptions& options);

// What is stored instead of the bytes of a picture that check_image() has passed, or nothing if they are
// stored as they came. A picture that is too large, or lies on its side by its EXIF orientation, becomes an
// upright JPEG (of an animation, the first frame); others only lose their metadata, without touching a pixel.
// keep_exif leaves those that are not too large as they came. Failure codes as decode(). Thread-safe.
// picture: the same, decoded with side_to_shrink(); left out, it is decoded here.
[[nodiscard]] Result<std::optional<StoredForm>> stored_form(ByteSpan bytes, const image::ImageInfo& info,
                                                            const StorageOptions& options,
                                                            image::Image picture = {});

}  // namespace winnow::scraping
