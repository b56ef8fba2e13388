// How near winnow-classify comes to what its parts can do on the same processors: decoding alone, inference
// alone, both at once, and one picture at a time beside a bare loop around OpenVINO.
//
//   classify_bench MODEL FOLDER
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <openvino/openvino.hpp>
#include <vector>

#include "winnow/core/error.hpp"
#include "winnow/core/parallel.hpp"
#include "winnow/core/threads.hpp"
#include "winnow/dataset/dataset.hpp"
#include "winnow/dataset/loader.hpp"
#include "winnow/inference/classifier.hpp"

namespace winnow {
namespace {

constexpr int kRepeats = 3;
constexpr int kSingles = 300;
constexpr std::size_t kBatchSize = 8;

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The best of a few: what the machine can do.
double rate_of(std::size_t pictures, const std::function<void()>& work) {
  double best = 1e9;
  for (int i = 0; i < kRepeats; ++i) best = std::min(best, seconds_of(work));
  return static_cast<double>(pictures) / best;
}

double median_milliseconds(const std::function<void()>& work) {
  std::vector<double> times;
  for (int i = 0; i < kSingles; ++i) times.push_back(1000 * seconds_of(work));
  std::nth_element(times.begin(), times.begin() + kSingles / 2, times.end());
  return times[kSingles / 2];
}

double openvino_milliseconds(const std::string& file, std::vector<std::uint8_t>& pixels, unsigned threads) {
  ov::Core core;
  const std::shared_ptr<ov::Model> model = core.read_model(file);
  ov::PartialShape shape = model->input().get_partial_shape();
  shape[0] = 1;
  model->reshape(shape);
  ov::CompiledModel compiled =
      core.compile_model(model, "CPU", ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY),
                         ov::inference_num_threads(static_cast<std::int32_t>(threads)));
  ov::InferRequest request = compiled.create_infer_request();
  request.set_input_tensor(ov::Tensor(ov::element::u8, compiled.input().get_shape(), pixels.data()));
  request.infer();
  return median_milliseconds([&] { request.infer(); });
}

int run(const std::string& model, const std::filesystem::path& folder) {
  Terminal terminal;
  const std::shared_ptr<Logger> log =
      make_logger("classify_bench", terminal, LogFormat::kText, spdlog::level::info);
  const Context context{*log, terminal, {}, available_threads()};
  const auto classifier = inference::open_classifier(model, {.threads = context.threads});
  const image::Preprocessing& rule = classifier->metadata().preprocessing;
  dataset::Dataset files;
  std::vector<std::size_t> all;
  for (const std::filesystem::path& file : dataset::files_below(folder)) {
    all.push_back(all.size());
    files.samples.push_back({file.string()});
  }
  const dataset::LoaderOptions loading{.batch_size = kBatchSize};
  std::vector<std::uint8_t> pixels(kBatchSize * image::output_bytes(rule), 100);
  std::vector<std::uint8_t> one(image::output_bytes(rule), 100);
  (void)classifier->classify(pixels);
  (void)classifier->classify(one);

  const auto load = [&](const dataset::LoaderOptions& how) {
    (void)dataset::load_batches(files, all, rule, how, context, [](dataset::Batch&) {});
  };
  load(loading);  // from here on the files are in memory
  const double decoding = rate_of(all.size(), [&] { load(loading); });
  const double inference = rate_of(all.size(), [&] {
    for (std::size_t i = 0; i < all.size(); i += kBatchSize) (void)classifier->classify(pixels);
  });
  // As winnow-classify does it: each thread asks about what it has decoded.
  const auto shared =
      inference::open_classifier(model, {.threads = context.threads, .callers = context.threads});
  const dataset::LoaderOptions classifying{
      .batch_size = kBatchSize,
      .on_batch = [&](const dataset::Batch& batch) { (void)shared->classify(batch.pixels); }};
  load(classifying);
  const double shared_inference = rate_of(all.size(), [&] {
    parallel_for(all.size() / kBatchSize, context.threads, context.stop,
                 [&](std::size_t) { (void)shared->classify(pixels); });
  });
  const double both = rate_of(all.size(), [&] { load(classifying); });
  const double sum = 1 / (1 / decoding + 1 / std::max(inference, shared_inference));
  fmt::print("decoding alone            {:7.0f} pictures/s\n", decoding);
  fmt::print("inference alone           {:7.0f} pictures/s\n", inference);
  fmt::print("the same, a batch a core  {:7.0f} pictures/s\n", shared_inference);
  fmt::print("what these add up to      {:7.0f} pictures/s\n", sum);
  fmt::print("both                      {:7.0f} pictures/s  {:.0f} %\n", both, 100 * both / sum);
  const double bare = openvino_milliseconds(model, one, context.threads);
  const double ours = median_milliseconds([&] { (void)classifier->classify(one); });
  fmt::print("one picture, OpenVINO     {:7.2f} ms\n", bare);
  fmt::print("one picture, Classifier   {:7.2f} ms  {:.2f} times\n", ours, ours / bare);
  return 0;
}

}  // namespace
}  // namespace winnow

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: classify_bench MODEL FOLDER\n";
    return 2;
  }
  try {
    return winnow::run(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::cerr << "classify_bench: " << error.what() << '\n';
    return 1;
  }
}
