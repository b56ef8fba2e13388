#include "embedding.hpp"

#include <algorithm>
#include <chrono>

#include "winnow/core/progress.hpp"
#include "winnow/dataset/loader.hpp"
#include "winnow/inference/embedder.hpp"

namespace winnow::training {

stats::Matrix embed(ByteSpan onnx, const image::Preprocessing& preprocessing, dataset::Dataset& data,
                    std::vector<SkippedImage>& skipped, const Context& context) {
  const inference::Embedder embedder(onnx, {.threads = context.threads});
  std::vector<std::filesystem::path> files;
  for (const dataset::Sample& sample : data.samples) files.push_back(data.root / sample.path);

  const auto start = std::chrono::steady_clock::now();
  stats::Matrix embeddings(files.size(), embedder.width());
  std::vector<std::size_t> kept;
  Progress progress(context.terminal, "embedding", files.size());
  const auto failures = dataset::load_batches(files, preprocessing, {}, context, [&](dataset::Batch& batch) {
    const std::vector<float> values = embedder.embed(batch.pixels);
    std::copy(values.begin(), values.end(), embeddings.row(kept.size()).begin());
    kept.insert(kept.end(), batch.indices.begin(), batch.indices.end());
    progress.advance(batch.indices.size());
  });
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  context.log.debug("embedded {} images in {:.2f} s", kept.size(), seconds);
  for (const dataset::LoadFailure& failed : failures) {
    skipped.push_back({data.samples[failed.index].path, failed.failure});
  }
  if (failures.empty()) return embeddings;

  std::vector<dataset::Sample> samples;
  std::vector<std::size_t> rows(kept.size());
  for (std::size_t i = 0; i < kept.size(); ++i) {
    samples.push_back(data.samples[kept[i]]);
    rows[i] = i;
  }
  data.samples = std::move(samples);
  return embeddings.select(rows);
}

}  // namespace winnow::training
