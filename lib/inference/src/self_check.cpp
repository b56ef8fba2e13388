#include "winnow/inference/self_check.hpp"

#include <algorithm>
#include <cmath>

#include "winnow/core/error.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/image/preprocess.hpp"
#include "winnow/inference/classifier.hpp"
#include "winnow/model/onnx.hpp"
#include "winnow/model/onnx_summary.hpp"
#include "winnow/model/reference_vector.hpp"

namespace winnow::inference {
namespace {

CheckedPicture check(const model::ReferencePicture& reference, Classifier& classifier) {
  const image::Preprocessing& preprocessing = classifier.metadata().preprocessing;
  CheckedPicture result{.name = reference.name, .failure = {}};
  std::vector<std::uint8_t> pixels(image::output_bytes(preprocessing));
  const auto info = image::decode_and_preprocess(reference.file, preprocessing, pixels);
  if (!info) {
    result.failure = info.failure().message;
    return result;
  }
  result.same_pixels = sha256_hex(pixels) == reference.pixels_sha256;
  const Bytes grid = model::sample_grid(pixels, preprocessing.size);
  for (std::size_t i = 0; i < grid.size(); ++i) {
    result.pixel_difference = std::max(result.pixel_difference, std::abs(grid[i] - reference.grid[i]));
  }
  const std::vector<float> logits = classifier.classify(pixels).at(0).logits;
  if (logits.size() != reference.logits.size()) {
    throw Error(ErrorKind::kInvalid, "", "its reference pictures are of another network; export it again");
  }
  for (std::size_t c = 0; c < logits.size(); ++c) {
    const double difference = std::abs(double{logits[c]} - reference.logits[c]);
    // A NaN stays.
    if (!(difference <= result.logit_difference)) result.logit_difference = difference;
  }
  return result;
}

}  // namespace

bool SelfCheck::holds() const {
  return graph_is_intact && std::all_of(pictures.begin(), pictures.end(), [&](const CheckedPicture& picture) {
           return picture.failure.empty() && picture.pixel_difference <= kPixelTolerance &&
                  (!picture.same_pixels || picture.logit_difference <= logit_tolerance);
         });
}

SelfCheck self_check(ByteSpan onnx, unsigned threads) {
  const model::OnnxSummary summary = model::summarise_onnx(onnx);
  const auto entry = summary.metadata.find(model::kReferenceVectorKey);
  if (entry == summary.metadata.end()) {
    throw Error(ErrorKind::kUnsupported, "", "holds no reference pictures; export it again");
  }
  const model::ReferenceVector vector =
      model::reference_vector_from_json(Json::parse(entry->second, nullptr, false));
  const auto classifier = open_classifier(onnx, "", {.threads = threads, .full_precision = true});
  const auto hash = summary.metadata.find(model::kGraphHashKey);
  SelfCheck result{.graph_is_intact = hash != summary.metadata.end() && hash->second == summary.graph_sha256,
                   .engine = vector.engine,
                   .logit_tolerance = vector.logit_tolerance,
                   .pictures = {}};
  for (const model::ReferencePicture& picture : vector.pictures) {
    result.pictures.push_back(check(picture, *classifier));
  }
  return result;
}

}  // namespace winnow::inference
