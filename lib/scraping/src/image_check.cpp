#include "winnow/scraping/image_check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace winnow::scraping {
namespace {

// The same word stands for too many bytes elsewhere.
Failure distinct(Failure failure) {
  if (failure.code == "too_large") failure.code = "too_many_pixels";
  return failure;
}

}  // namespace

Result<image::ImageInfo> check_image(ByteSpan bytes, const ImageRequirements& requirements) {
  image::DecodeOptions options{.max_pixels = requirements.max_pixels};
  const Result<image::ImageInfo> info = image::inspect(bytes, options);
  if (!info) return distinct(info.failure());
  if (std::min(info->width, info->height) < requirements.min_side) {
    return Failure{"too_small", fmt::format("is {}x{} pixels; the shorter side has to have {}", info->width,
                                            info->height, requirements.min_side)};
  }
  // Every coded bit of a JPEG is read at any scale, but at the smallest it takes a third of the time.
  options.min_side = 1;
  const Result<image::Image> picture = image::decode(bytes, options);
  if (!picture) return distinct(picture.failure());
  return *info;
}

}  // namespace winnow::scraping
