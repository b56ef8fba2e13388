#include "winnow/exporting/export_onnx.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "winnow/core/atomic_file.hpp"
#include "winnow/core/random.hpp"
#include "winnow/inference/classifier.hpp"
#include "winnow/model/checkpoint.hpp"
#include "winnow/model/onnx.hpp"
#include "winnow/nn/network.hpp"
#include "winnow/nn/torch_errors.hpp"

namespace winnow::exporting {
namespace {

namespace fs = std::filesystem;

constexpr int kPictures = 4;

// Smooth waves with some noise: they reach every part of the network, and need no file.
std::vector<std::uint8_t> draw_pictures(int side) {
  std::vector<std::uint8_t> pixels;
  pixels.reserve(static_cast<std::size_t>(kPictures * side * side * 3));
  for (int picture = 0; picture < kPictures; ++picture) {
    CounterRandom random(1, picture);
    const double period = side / (2.0 + 3 * picture);
    for (int y = 0; y < side; ++y) {
      for (int x = 0; x < side; ++x) {
        for (int c = 0; c < 3; ++c) {
          const double wave = std::sin((x + c * 9) / period) * std::cos((y - c * 5) / period);
          pixels.push_back(
              static_cast<std::uint8_t>(std::clamp(127 + 100 * wave + random.uniform(-25, 25), 0.0, 255.0)));
        }
      }
    }
  }
  return pixels;
}

double compare_with_torch(const model::Architecture& architecture, const model::Checkpoint& checkpoint,
                          ByteSpan onnx, const Context& context) {
  const int side = checkpoint.metadata.preprocessing.size;
  std::vector<std::uint8_t> pixels = draw_pictures(side);
  torch::set_num_threads(static_cast<int>(context.threads));
  const torch::NoGradGuard no_grad;
  nn::Network network(architecture);
  network.load(checkpoint.tensors);
  network.eval();
  const torch::Tensor input = torch::from_blob(pixels.data(), {kPictures, side, side, 3}, torch::kUInt8);
  const torch::Tensor expected =
      (network.forward(input).logits / checkpoint.metadata.temperature).contiguous();

  const auto classifier = inference::open_classifier(onnx, "the exported model",
                                                     {.threads = context.threads, .full_precision = true});
  const std::vector<inference::Prediction> predictions = classifier->classify(pixels);
  double largest = 0;
  for (int i = 0; i < kPictures; ++i) {
    for (std::size_t c = 0; c < predictions[static_cast<std::size_t>(i)].logits.size(); ++c) {
      const double torch_logit = expected[i][static_cast<std::int64_t>(c)].item<float>();
      const double difference = std::abs(predictions[static_cast<std::size_t>(i)].logits[c] - torch_logit);
      if (std::isnan(difference)) return difference;
      largest = std::max(largest, difference);
    }
  }
  return largest;
}

}  // namespace

ExportedModel export_onnx(Source source, const fs::path& output, const Context& context) {
  model::Checkpoint& checkpoint = source.checkpoint;
  try {
    const model::Architecture architecture = model::make_architecture(
        checkpoint.metadata.architecture, static_cast<int>(checkpoint.metadata.classes.size()),
        checkpoint.metadata.preprocessing.size);
    const double difference = nn::translate_torch_errors("run the network", [&] {
      return compare_with_torch(architecture, checkpoint, model::write_onnx(architecture, checkpoint),
                                context);
    });
    if (!(difference <= kMaxDifference)) {
      throw Error(ErrorKind::kInvalid, "",
                  fmt::format("the exported model differs from the trained one by {:.2g}, more than {:g}; "
                              "nothing was written",
                              difference, kMaxDifference));
    }
    checkpoint.metadata.metrics["export"] = {{"largest_logit_difference", difference},
                                             {"pictures", kPictures}};
    const Bytes onnx = model::write_onnx(architecture, checkpoint);
    write_file_atomically(output, onnx);
    return {onnx.size(), difference, kPictures};
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kIo) throw;
    throw Error(error.kind() == ErrorKind::kUsage ? ErrorKind::kUnsupported : error.kind(), source.name,
                error.what());
  }
}

}  // namespace winnow::exporting
