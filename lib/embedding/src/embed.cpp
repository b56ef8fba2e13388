#include "winnow/embedding/embed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>

#include "winnow/core/hash.hpp"
#include "winnow/core/progress.hpp"
#include "winnow/embedding/embedding_cache.hpp"
#include "winnow/inference/embedder.hpp"
#include "winnow/model/onnx.hpp"

namespace winnow::embedding {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFlushEvery = 2000;  // pictures: what a crash may cost

class EmbedPass {
 public:
  EmbedPass(const Bytes& onnx, bool full_precision, const image::Preprocessing& preprocessing,
            const dataset::Dataset& dataset, const EmbedOptions& options, const Context& context)
      : preprocessing_(preprocessing),
        dataset_(dataset),
        context_(context),
        embedder_(onnx, {.threads = context.threads, .full_precision = full_precision}),
        progress_(context.terminal, "embedding", dataset.samples.size()),
        values_(dataset.samples.size(), embedder_.width()),
        fingerprints_(options.fingerprints ? dataset.samples.size() : 0) {
    if (!options.cache.empty()) open_cache(options.cache, onnx);
    loading_.max_file_bytes = options.reading.max_file_bytes;
    loading_.limits = options.reading.limits;
    if (cache_) {
      loading_.wants_pixels = [this](std::size_t i, const std::string& sha256) {
        return !is_known(i, sha256);
      };
    }
    if (options.fingerprints) {
      loading_.take_fingerprint = [this](std::size_t i, dataset::Fingerprint fingerprint) {
        fingerprints_[i] = std::move(fingerprint);
      };
    }
  }

  Embeddings run() {
    Embeddings result;
    try {
      std::vector<std::size_t> all(dataset_.samples.size());
      std::iota(all.begin(), all.end(), std::size_t{0});
      result.failures = dataset::load_batches(dataset_, all, preprocessing_, loading_, context_,
                                              [&](dataset::Batch& batch) { compute(batch); });
    } catch (...) {
      flush();
      throw;
    }
    flush();
    auto failed = result.failures.begin();
    for (std::size_t i = 0; i < dataset_.samples.size(); ++i) {
      if (failed != result.failures.end() && failed->index == i) {
        ++failed;
        continue;
      }
      result.kept.push_back(i);
      if (!fingerprints_.empty()) result.fingerprints.push_back(std::move(*fingerprints_[i]));
    }
    values_.keep_rows(result.kept);
    result.values = std::move(values_);
    result.computed = result.kept.size() - known_;
    return result;
  }

 private:
  void open_cache(const fs::path& folder, const Bytes& onnx) {
    const std::string key =
        fmt::format("{} {} {}", sha256_hex(onnx), pixel_rule_id(preprocessing_), embedder_.precision());
    try {
      cache_ = std::make_unique<EmbeddingCache>(folder, key, embedder_.width());
      is_kept_ = true;
    } catch (const Error& error) {
      context_.log.warn("{}; embeddings are computed anew", error.what());
    }
  }

  // Runs on the loading threads.
  bool is_known(std::size_t sample, const std::string& sha256) {
    if (!cache_->find(sha256, values_.row(sample))) return false;
    ++known_;
    progress_.advance();
    return true;
  }

  void compute(const dataset::Batch& batch) {
    const std::vector<float> embedded = embedder_.embed(batch.pixels);
    const auto width = static_cast<std::ptrdiff_t>(values_.columns());
    for (std::size_t i = 0; i < batch.indices.size(); ++i) {
      const std::span<float> values = values_.row(batch.indices[i]);
      const auto row = embedded.begin() + static_cast<std::ptrdiff_t>(i) * width;
      std::transform(row, row + width, values.begin(), round_as_cached);
      if (is_kept_) cache_->add(batch.sha256[i], values);
    }
    unflushed_ += batch.indices.size();
    if (unflushed_ >= kFlushEvery) flush();
    progress_.advance(batch.indices.size());
  }

  void flush() {
    unflushed_ = 0;
    if (!is_kept_) return;
    try {
      cache_->flush();
    } catch (const Error& error) {
      context_.log.warn("{}; embeddings are not kept for the next run", error.what());
      is_kept_ = false;
    }
  }

  const image::Preprocessing& preprocessing_;
  const dataset::Dataset& dataset_;
  const Context& context_;
  const inference::Embedder embedder_;
  Progress progress_;
  dataset::LoaderOptions loading_;
  // By sample; each is written once, by the thread that has it.
  stats::Matrix values_;
  std::vector<std::optional<dataset::Fingerprint>> fingerprints_;
  std::atomic<std::size_t> known_ = 0;
  std::unique_ptr<EmbeddingCache> cache_;  // the loading threads look into it
  bool is_kept_ = false;                   // what is computed goes into the cache
  std::size_t unflushed_ = 0;
};

}  // namespace

Embeddings embed(const model::Architecture& architecture, const model::TensorMap& tensors,
                 const image::Preprocessing& preprocessing, const dataset::Dataset& dataset,
                 const EmbedOptions& options, const Context& context) {
  const auto start = std::chrono::steady_clock::now();
  const Bytes onnx = model::write_embedding_onnx(architecture, tensors, preprocessing.size);
  Embeddings result =
      EmbedPass(onnx, model::needs_float32(architecture), preprocessing, dataset, options, context).run();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  context.log.debug("embedded {} images in {:.2f} s, {} of them known before", result.kept.size(), seconds,
                    result.kept.size() - result.computed);
  return result;
}

}  // namespace winnow::embedding
