#include "winnow/scraping/stored_form.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "winnow/image/encode.hpp"
#include "winnow/image/preprocess.hpp"
#include "winnow/image/strip_metadata.hpp"

namespace winnow::scraping {
namespace {

bool can_be_stripped(image::Format format) {
  return format == image::Format::kJpeg || format == image::Format::kPng || format == image::Format::kWebp;
}

// Its size has been judged already.
constexpr std::uint64_t kAnySize = std::numeric_limits<std::uint64_t>::max();

Result<std::optional<StoredForm>> encode_again(ByteSpan bytes, const image::ImageInfo& info,
                                               const StorageOptions& options, image::Image picture) {
  if (picture.empty()) {
    Result<image::Image> decoded =
        image::decode(bytes, {.max_pixels = kAnySize, .min_side = side_to_shrink(info, options)});
    if (!decoded) return decoded.failure();
    picture = std::move(*decoded);
  }
  if (options.max_side > 0) picture = image::shrink_to_fit(picture, options.max_side);
  Bytes encoded = image::encode_jpeg(picture, options.quality);
  return std::optional(
      StoredForm{std::move(encoded), image::Format::kJpeg, picture.width(), picture.height()});
}

}  // namespace

int side_to_shrink(const image::ImageInfo& info, const StorageOptions& options) {
  const int longer = std::max(info.width, info.height);
  if (options.max_side <= 0 || longer <= options.max_side) return 0;
  // Half the picture, if that is more than enough, takes a quarter of the time.
  const std::int64_t shorter = std::min(info.width, info.height);
  return static_cast<int>(shorter * options.max_side / longer + 1);
}

Result<std::optional<StoredForm>> stored_form(ByteSpan bytes, const image::ImageInfo& info,
                                              const StorageOptions& options, image::Image picture) {
  if (side_to_shrink(info, options) > 0) return encode_again(bytes, info, options, std::move(picture));
  if (options.keep_exif || !can_be_stripped(info.format)) return std::optional<StoredForm>();
  if (!info.upright) return encode_again(bytes, info, options, {});
  std::optional<Bytes> stripped = image::strip_metadata(bytes);
  if (!stripped) return encode_again(bytes, info, options, {});
  if (stripped->size() == bytes.size()) return std::optional<StoredForm>();
  return std::optional(StoredForm{std::move(*stripped), info.format, info.width, info.height});
}

}  // namespace winnow::scraping
