#include "doctor/measure/network.hpp"

#include <chrono>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "doctor/measure/timing.hpp"
#include "winnow/inference/embedder.hpp"
#include "winnow/model/architecture.hpp"
#include "winnow/model/onnx.hpp"

namespace winnow::tools {
namespace {

using Clock = std::chrono::steady_clock;

// Numbers of the size that trained ones have: time does not depend on them, but denormal ones would be slow.
model::TensorMap draw_weights(const model::Architecture& architecture) {
  model::TensorMap tensors;
  std::uint32_t state = 1;
  for (const model::TensorSpec& spec : model::tensor_specs(architecture)) {
    std::int64_t count = 1;
    for (const std::int64_t extent : spec.shape) count *= extent;
    const bool is_filter = spec.shape.size() > 1;
    const double inputs = is_filter ? static_cast<double>(count) / static_cast<double>(spec.shape[0]) : 1;
    model::Tensor& tensor = tensors[spec.name];
    tensor.shape = spec.shape;
    for (std::int64_t i = 0; i < count; ++i) {
      state = state * 1664525 + 1013904223;
      const double drawn = state / 2147483648.0 - 1;
      tensor.values.push_back(
          static_cast<float>(is_filter ? drawn * std::sqrt(6 / inputs) : 1 + 0.1 * drawn));
    }
  }
  return tensors;
}

}  // namespace

Json measure_network(unsigned threads) {
  const model::Architecture architecture = model::make_architecture("efficientnet_lite0", 0);
  const Bytes onnx =
      model::write_embedding_onnx(architecture, draw_weights(architecture), architecture.input_size);
  const auto side = static_cast<std::size_t>(architecture.input_size);
  const auto start = Clock::now();
  const inference::Embedder network(onnx, {.threads = threads});
  (void)network.embed(grey_pictures(1, side));
  Json answer = {{"network", architecture.name},
                 {"side", side},
                 {"precision", network.precision()},
                 {"open", seconds_since(start)}};
  const std::vector<std::uint8_t> pictures = grey_pictures(kBatch, side);
  const std::span<const std::uint8_t> one = std::span(pictures).first(pictures.size() / kBatch);
  answer["alone"] = typical_seconds([&] { (void)network.embed(one); });
  answer["in_batch"] = typical_seconds([&] { (void)network.embed(pictures); }) / kBatch;
  answer["decode"] = decoding_seconds({.size = architecture.input_size});
  answer["peak"] = peak_memory();
  const inference::Embedder precise(onnx, {.threads = threads, .full_precision = true});
  answer["float32"] = typical_seconds([&] { (void)precise.embed(pictures); }) / kBatch;
  return answer;
}

}  // namespace winnow::tools
