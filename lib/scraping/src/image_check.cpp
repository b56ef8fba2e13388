#include "winnow/scraping/image_check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace winnow::scraping {
namespace {

constexpr int kLookSide = 64;

// The same word stands for too many bytes elsewhere.
Failure distinct(Failure failure) {
  if (failure.code == "too_large") failure.code = "too_many_pixels";
  return failure;
}

}  // namespace

Result<CheckedImage> check_image(ByteSpan bytes, const ImageRequirements& requirements,
                                 const StorageOptions& storage) {
  image::DecodeOptions options{.max_pixels = requirements.max_pixels};
  const Result<image::ImageInfo> info = image::inspect(bytes, options);
  if (!info) return distinct(info.failure());
  if (std::min(info->width, info->height) < requirements.min_side) {
    return Failure{"too_small", fmt::format("is {}x{} pixels; the shorter side has to have {}", info->width,
                                            info->height, requirements.min_side)};
  }
  // Every coded bit of a JPEG is read at any scale, but at a small one it takes a third of the time. The
  // perceptual hash looks at 32 x 32 pixels, and twice as many leave it as it is.
  const int side = side_to_shrink(*info, storage);
  options.min_side = std::max(kLookSide, side);
  Result<image::Image> picture = image::decode(bytes, options);
  if (!picture) return distinct(picture.failure());
  const image::PerceptualHash look = image::perceptual_hash(*picture);
  return CheckedImage{*info, look, side > 0 ? std::move(*picture) : image::Image()};
}

}  // namespace winnow::scraping
