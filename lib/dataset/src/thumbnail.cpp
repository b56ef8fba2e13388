#include "winnow/dataset/thumbnail.hpp"

#include "winnow/core/file.hpp"
#include "winnow/dataset/loader.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/image/encode.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::dataset {
namespace {

constexpr int kQuality = 80;

}  // namespace

image::Image thumbnail(const std::filesystem::path& file, int side) {
  const Result<Bytes> bytes = try_read_file(file, LoaderOptions{}.max_file_bytes);
  if (!bytes) return {};
  const Result<image::Image> picture = image::decode(*bytes, {.min_side = side});
  return picture ? image::shrink_to_fit(*picture, side) : image::Image();
}

Bytes thumbnail_jpeg(const std::filesystem::path& file, int side) {
  const image::Image small = thumbnail(file, side);
  return small.empty() ? Bytes() : image::encode_jpeg(small, kQuality);
}

}  // namespace winnow::dataset
