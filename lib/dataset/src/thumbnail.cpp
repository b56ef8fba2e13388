#include "winnow/dataset/thumbnail.hpp"

#include "winnow/image/decode.hpp"
#include "winnow/image/encode.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::dataset {
namespace {

constexpr int kQuality = 80;

}  // namespace

image::Image thumbnail(const Dataset& dataset, const Sample& sample, int side) {
  const Result<Bytes> bytes = dataset.read(sample);
  if (!bytes) return {};
  const Result<image::Image> picture = image::decode(*bytes, {.min_side = side});
  return picture ? image::shrink_to_fit(*picture, side) : image::Image();
}

Bytes thumbnail_jpeg(const Dataset& dataset, const Sample& sample, int side) {
  const image::Image small = thumbnail(dataset, sample, side);
  return small.empty() ? Bytes() : image::encode_jpeg(small, kQuality);
}

}  // namespace winnow::dataset
