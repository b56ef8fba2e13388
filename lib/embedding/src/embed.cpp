#include "winnow/embedding/embed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "winnow/core/file.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/core/parallel.hpp"
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
  EmbedPass(const Bytes& onnx, const image::Preprocessing& preprocessing, std::span<const fs::path> files,
            const fs::path& cache, const Context& context)
      : preprocessing_(preprocessing),
        files_(files),
        context_(context),
        embedder_(onnx, {.threads = context.threads}),
        values_(files.size(), embedder_.width()),
        done_(files.size()) {
    if (!cache.empty()) open_cache(cache, onnx);
  }

  Embeddings run() {
    Progress progress(context_.terminal, "embedding", files_.size());
    if (cache_) look_up(progress);
    Embeddings result;
    try {
      compute(progress, result);
    } catch (...) {
      flush();
      throw;
    }
    flush();
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (done_[i]) result.kept.push_back(i);
    }
    result.values = result.failures.empty() ? std::move(values_) : values_.select(result.kept);
    return result;
  }

 private:
  void open_cache(const fs::path& folder, const Bytes& onnx) {
    const std::string key =
        fmt::format("{} {} {}", sha256_hex(onnx), pixel_rule_id(preprocessing_), embedder_.precision());
    try {
      cache_ = std::make_unique<EmbeddingCache>(folder, key, embedder_.width());
    } catch (const Error& error) {
      context_.log.warn("{}; embeddings are computed anew", error.what());
    }
  }

  void look_up(Progress& progress) {
    if (cache_->size() == 0) return;
    parallel_for(files_.size(), context_.threads, context_.stop, [&](std::size_t i) {
      const Result<Bytes> bytes = try_read_file(files_[i], dataset::LoaderOptions{}.max_file_bytes);
      if (!bytes || !cache_->find(sha256_hex(*bytes), values_.row(i))) return;
      done_[i] = 1;
      progress.advance();
    });
  }

  void compute(Progress& progress, Embeddings& result) {
    std::vector<std::size_t> wanted;
    std::vector<fs::path> files;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (done_[i]) continue;
      wanted.push_back(i);
      files.push_back(files_[i]);
    }
    result.computed = wanted.size();
    result.failures = dataset::load_batches(
        files, preprocessing_, {.hash = cache_ != nullptr}, context_, [&](dataset::Batch& batch) {
          const std::vector<float> embedded = embedder_.embed(batch.pixels);
          for (std::size_t i = 0; i < batch.indices.size(); ++i) {
            const std::size_t file = wanted[batch.indices[i]];
            const auto row = embedded.begin() + static_cast<std::ptrdiff_t>(i * values_.columns());
            std::transform(row, row + static_cast<std::ptrdiff_t>(values_.columns()),
                           values_.row(file).begin(), round_as_cached);
            done_[file] = 1;
            if (cache_) cache_->add(batch.sha256[i], values_.row(file));
          }
          unflushed_ += batch.indices.size();
          if (unflushed_ >= kFlushEvery) flush();
          progress.advance(batch.indices.size());
        });
    for (dataset::LoadFailure& failure : result.failures) failure.index = wanted[failure.index];
  }

  void flush() {
    unflushed_ = 0;
    if (!cache_) return;
    try {
      cache_->flush();
    } catch (const Error& error) {
      context_.log.warn("{}; embeddings are not kept for the next run", error.what());
      cache_.reset();
    }
  }

  const image::Preprocessing& preprocessing_;
  const std::span<const fs::path> files_;
  const Context& context_;
  const inference::Embedder embedder_;
  stats::Matrix values_;
  std::vector<char> done_;  // by file; written from several threads, each its own
  std::unique_ptr<EmbeddingCache> cache_;
  std::size_t unflushed_ = 0;
};

}  // namespace

Embeddings embed(const model::Architecture& architecture, const model::TensorMap& tensors,
                 const image::Preprocessing& preprocessing, std::span<const fs::path> files,
                 const fs::path& cache, const Context& context) {
  const auto start = std::chrono::steady_clock::now();
  const Bytes onnx = model::write_embedding_onnx(architecture, tensors, preprocessing.size);
  Embeddings result = EmbedPass(onnx, preprocessing, files, cache, context).run();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  context.log.debug("embedded {} images in {:.2f} s, {} of them known before", result.kept.size(), seconds,
                    files.size() - result.computed);
  return result;
}

}  // namespace winnow::embedding
