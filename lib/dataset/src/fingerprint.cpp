#include "winnow/dataset/fingerprint.hpp"

#include <optional>
#include <utility>

#include "winnow/core/hash.hpp"
#include "winnow/core/parallel.hpp"
#include "winnow/core/progress.hpp"
#include "winnow/image/border.hpp"

namespace winnow::dataset {
namespace {

Result<Fingerprint> fingerprint_one(const Dataset& dataset, const Sample& sample,
                                    const FingerprintOptions& options) {
  const Result<Bytes> bytes = dataset.read(sample, options.max_file_bytes);
  if (!bytes) return bytes.failure();
  const Result<image::Decoded> decoded = decode_to_fingerprint(*bytes, options.limits);
  if (!decoded) return decoded.failure();
  return make_fingerprint(sha256_hex(*bytes), bytes->size(), *decoded);
}

}  // namespace

Result<image::Decoded> decode_to_fingerprint(ByteSpan bytes, const image::DecodeOptions& limits) {
  image::DecodeOptions options = limits;
  options.min_side = kFingerprintSide;
  return image::decode_with_info(bytes, options);
}

Fingerprint make_fingerprint(std::string sha256, std::uint64_t bytes, const image::Decoded& picture) {
  Fingerprint result;
  result.sha256 = std::move(sha256);
  result.bytes = bytes;
  result.info = picture.info;
  result.look = image::perceptual_hash(picture.pixels);
  const std::optional<image::Image> inner = image::without_border(picture.pixels);
  if (inner) result.inner = image::perceptual_hash(*inner);
  result.quality = image::measure_quality(picture.pixels);
  return result;
}

std::vector<Result<Fingerprint>> fingerprint(const Dataset& dataset, const FingerprintOptions& options,
                                             const Context& context) {
  const std::size_t count = dataset.samples.size();
  std::vector<std::optional<Result<Fingerprint>>> found(count);
  Progress progress(context.terminal, "checking", count);
  parallel_for(count, context.threads, context.stop, [&](std::size_t i) {
    found[i] = fingerprint_one(dataset, dataset.samples[i], options);
    progress.advance();
  });
  std::vector<Result<Fingerprint>> results;
  results.reserve(count);
  for (auto& result : found) results.push_back(std::move(*result));
  return results;
}

}  // namespace winnow::dataset
