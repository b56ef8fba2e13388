#include "winnow/dataset/loader.hpp"

#include <algorithm>
#include <new>
#include <optional>

#include "winnow/core/hash.hpp"
#include "winnow/core/parallel.hpp"

namespace winnow::dataset {
namespace {

struct Loaded {
  Batch batch;
  std::vector<LoadFailure> failures;
};

class Loading {
 public:
  Loading(const Dataset& dataset, const image::Preprocessing& preprocessing, const LoaderOptions& options)
      : dataset_(dataset),
        preprocessing_(preprocessing),
        options_(options),
        picture_bytes_(image::output_bytes(preprocessing)) {}

  [[nodiscard]] Loaded load(std::span<const std::size_t> indices) const {
    Loaded loaded;
    loaded.batch.pixels.resize(indices.size() * picture_bytes_);
    for (const std::size_t index : indices) {
      if (std::optional<Failure> failure = add(index, loaded.batch)) {
        loaded.failures.push_back({index, std::move(*failure)});
      }
    }
    loaded.batch.pixels.resize(loaded.batch.indices.size() * picture_bytes_);
    return loaded;
  }

 private:
  std::optional<Failure> add(std::size_t index, Batch& batch) const {
    const Result<Bytes> bytes = dataset_.read(dataset_.samples[index], options_.max_file_bytes);
    if (!bytes) return bytes.failure();
    std::string sha256;
    if (options_.wants_pixels || options_.take_fingerprint) sha256 = sha256_hex(*bytes);
    const bool wanted = !options_.wants_pixels || options_.wants_pixels(index, sha256);
    const std::span<std::uint8_t> out =
        wanted ? std::span(batch.pixels).subspan(batch.indices.size() * picture_bytes_, picture_bytes_)
               : std::span<std::uint8_t>();
    if (auto failure = options_.take_fingerprint ? examine(index, *bytes, sha256, out) : decode(*bytes, out))
      return failure;
    if (wanted) {
      batch.indices.push_back(index);
      if (options_.wants_pixels) batch.sha256.push_back(std::move(sha256));
    }
    return std::nullopt;
  }

  std::optional<Failure> decode(ByteSpan bytes, std::span<std::uint8_t> out) const {
    if (out.empty()) return std::nullopt;
    const auto info = image::decode_and_preprocess(bytes, preprocessing_, out, options_.limits);
    return info ? std::nullopt : std::optional(info.failure());
  }

  // One decoding serves the fingerprint and the network, unless the network needs another scale.
  std::optional<Failure> examine(std::size_t index, ByteSpan bytes, const std::string& sha256,
                                 std::span<std::uint8_t> out) const {
    const Result<image::Decoded> decoded = decode_to_fingerprint(bytes, options_.limits);
    if (!decoded) return decoded.failure();
    if (image::decoding_side(preprocessing_) != kFingerprintSide) {
      if (auto failure = decode(bytes, out)) return failure;
    } else if (!out.empty()) {
      image::preprocess(decoded->pixels, preprocessing_, out);
    }
    options_.take_fingerprint(index, make_fingerprint(sha256, bytes.size(), *decoded));
    return std::nullopt;
  }

  const Dataset& dataset_;
  const image::Preprocessing& preprocessing_;
  const LoaderOptions& options_;
  const std::size_t picture_bytes_;
};

}  // namespace

std::vector<LoadFailure> load_batches(const Dataset& dataset, std::span<const std::size_t> indices,
                                      const image::Preprocessing& preprocessing, const LoaderOptions& options,
                                      const Context& context, const std::function<void(Batch&)>& consume) {
  const Loading loading(dataset, preprocessing, options);
  std::vector<LoadFailure> failures;
  const std::size_t batches = (indices.size() + options.batch_size - 1) / options.batch_size;
  const std::size_t window = std::size_t{2} * context.threads + 1;
  ordered_pipeline<Loaded>(
      batches, context.threads, window, context.stop,
      [&](std::size_t number) {
        const std::size_t begin = number * options.batch_size;
        Loaded loaded =
            loading.load(indices.subspan(begin, std::min(options.batch_size, indices.size() - begin)));
        if (options.on_batch && !loaded.batch.indices.empty()) options.on_batch(loaded.batch);
        return loaded;
      },
      [&](std::size_t, Loaded loaded) {
        failures.insert(failures.end(), loaded.failures.begin(), loaded.failures.end());
        if (!loaded.batch.indices.empty()) consume(loaded.batch);
      });
  return failures;
}

}  // namespace winnow::dataset
