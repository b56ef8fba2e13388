#include "winnow/dataset/thumbnail.hpp"

#include "winnow/image/decode.hpp"
#include "winnow/image/encode.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::dataset {
namespace {

constexpr int kQuality = 80;

}  // namespace

Bytes thumbnail_jpeg(const Dataset& dataset, const Sample& sample, int side) {
  const Result<Bytes> bytes = dataset.read(sample);
  if (!bytes) return {};
  const Result<image::Image> picture = image::decode(*bytes, {.min_side = side});
  return picture ? image::encode_jpeg(image::shrink_to_fit(*picture, side), kQuality) : Bytes();
}

}  // namespace winnow::dataset
