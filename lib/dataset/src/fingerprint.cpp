#include "winnow/dataset/fingerprint.hpp"

#include <optional>

#include "winnow/core/file.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/core/parallel.hpp"
#include "winnow/core/progress.hpp"
#include "winnow/image/border.hpp"

namespace winnow::dataset {
namespace {

Result<Fingerprint> fingerprint_file(const std::filesystem::path& file, const FingerprintOptions& options) {
  const Result<Bytes> bytes = try_read_file(file, options.max_file_bytes);
  if (!bytes) return bytes.failure();
  // Header and full decode: only a picture that decodes to its last row is sound.
  const Result<image::ImageInfo> info = image::inspect(*bytes, options.limits);
  if (!info) return info.failure();
  const Result<image::Image> picture = image::decode(*bytes, options.limits);
  if (!picture) return picture.failure();

  Fingerprint result;
  result.sha256 = sha256_hex(*bytes);
  result.bytes = bytes->size();
  result.info = *info;
  result.look = image::perceptual_hash(*picture);
  const std::optional<image::Image> inner = image::without_border(*picture);
  if (inner) result.inner = image::perceptual_hash(*inner);
  result.quality = image::measure_quality(*picture);
  return result;
}

}  // namespace

std::vector<Result<Fingerprint>> fingerprint(const Dataset& dataset, const FingerprintOptions& options,
                                             const Context& context) {
  const std::size_t count = dataset.samples.size();
  std::vector<std::optional<Result<Fingerprint>>> found(count);
  Progress progress(context.terminal, "checking", count);
  parallel_for(count, context.threads, context.stop, [&](std::size_t i) {
    found[i] = fingerprint_file(dataset.root / dataset.samples[i].path, options);
    progress.advance();
  });
  std::vector<Result<Fingerprint>> results;
  results.reserve(count);
  for (auto& result : found) results.push_back(std::move(*result));
  return results;
}

}  // namespace winnow::dataset
