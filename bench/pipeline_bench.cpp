// What one photo costs on its way to an answer, step by step, on the demo photographs. `make bench` runs it.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "winnow/core/file.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/core/random.hpp"
#include "winnow/core/threads.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/image/perceptual_hash.hpp"
#include "winnow/image/preprocess.hpp"
#include "winnow/inference/embedder.hpp"
#include "winnow/model/architecture.hpp"
#include "winnow/model/onnx.hpp"
#include "winnow/model/safetensors.hpp"
#include "winnow/stats/logistic_regression.hpp"

namespace winnow {
namespace {

const std::vector<Bytes>& photos() {
  static const std::vector<Bytes> files = [] {
    std::vector<std::filesystem::path> names;
    for (const auto& entry :
         std::filesystem::directory_iterator(WINNOW_SOURCE_DIR "/.deps/pictures/assets")) {
      names.push_back(entry.path());
    }
    std::sort(names.begin(), names.end());
    std::vector<Bytes> bytes;
    for (const auto& name : names) bytes.push_back(read_file(name));
    return bytes;
  }();
  return files;
}

void bench_decode_and_preprocess(benchmark::State& state) {
  const image::Preprocessing preprocessing;
  std::vector<std::uint8_t> pixels(image::output_bytes(preprocessing));
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        image::decode_and_preprocess(photos()[next++ % photos().size()], preprocessing, pixels));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(bench_decode_and_preprocess)->Unit(benchmark::kMillisecond);

void bench_fingerprint(benchmark::State& state) {
  std::size_t next = 0;
  for (auto _ : state) {
    const Bytes& bytes = photos()[next++ % photos().size()];
    benchmark::DoNotOptimize(sha256_hex(bytes));
    const Result<image::Image> picture = image::decode(bytes);
    if (picture) benchmark::DoNotOptimize(image::perceptual_hash(*picture));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(bench_fingerprint)->Unit(benchmark::kMillisecond);

void bench_embed(benchmark::State& state) {
  const auto batch = static_cast<std::size_t>(state.range(0));
  const model::Architecture architecture = model::make_architecture("efficientnet_lite0", 0);
  const inference::Embedder embedder(
      model::write_embedding_onnx(architecture, model::read_safetensors(WINNOW_WEIGHTS).tensors,
                                  architecture.input_size),
      {.threads = available_threads(), .full_precision = state.range(1) != 0});
  const std::vector<std::uint8_t> pixels(batch * 224 * 224 * 3, 100);
  benchmark::DoNotOptimize(embedder.embed(pixels));
  for (auto _ : state) benchmark::DoNotOptimize(embedder.embed(pixels));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}
BENCHMARK(bench_embed)
    ->ArgNames({"batch", "float32"})
    ->Args({1, 0})
    ->Args({8, 0})
    ->Args({1, 1})
    ->Args({8, 1})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void bench_logistic_regression(benchmark::State& state) {
  constexpr std::size_t kWidth = 1280;
  const auto samples = static_cast<std::size_t>(state.range(0));
  const int classes = static_cast<int>(state.range(1));
  stats::Matrix x(samples, kWidth);
  std::vector<int> labels(samples);
  for (std::size_t i = 0; i < samples; ++i) {
    CounterRandom random(1, i);
    labels[i] = static_cast<int>(i) % classes;
    for (std::size_t j = 0; j < kWidth; ++j) {
      x.row(i)[j] =
          static_cast<float>(random.uniform(-1, 1) + (static_cast<int>(j) % classes == labels[i] ? 0.1 : 0));
    }
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(stats::fit_logistic(x, labels, classes, {.l2 = 1e-3}, available_threads(), {}));
  }
}
BENCHMARK(bench_logistic_regression)
    ->ArgNames({"samples", "classes"})
    ->Args({1000, 2})
    ->Args({1000, 10})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace winnow

BENCHMARK_MAIN();
