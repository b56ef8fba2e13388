#include "learner.hpp"

#include <ATen/autocast_mode.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "winnow/core/error.hpp"
#include "winnow/core/random.hpp"
#include "winnow/nn/torch_errors.hpp"

namespace winnow::training {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMeasuredSteps = 2;
// bfloat16 has to be this much faster.
constexpr double kClearlyFaster = 1.1;

// Each process of a machine takes a GPU of its own.
torch::Device to_torch(Device device, const nn::Team& team) {
  if (device != Device::kCuda) return torch::kCPU;
  return {torch::kCUDA, static_cast<c10::DeviceIndex>(team.local_rank() % torch::cuda::device_count())};
}

// Lets LibTorch compute in bfloat16 where that loses nothing that matters, while the object lives.
class Autocast {
 public:
  Autocast(torch::DeviceType device, bool on) : device_(device), on_(on) {
    if (!on_) return;
    at::autocast::set_autocast_dtype(device_, torch::kBFloat16);
    at::autocast::set_autocast_cache_enabled(false);  // the folded weights are new in every step
    at::autocast::set_autocast_enabled(device_, true);
  }
  ~Autocast() {
    if (on_) at::autocast::set_autocast_enabled(device_, false);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  torch::DeviceType device_;
  bool on_;
};

// [n, classes]: what the network should say of each picture. Rows sum to 1.
torch::Tensor make_targets(const TrainingBatch& batch, int classes, double smoothing) {
  const auto count = static_cast<std::int64_t>(batch.labels.size());
  torch::Tensor targets = torch::full({count, classes}, smoothing / classes);
  auto rows = targets.accessor<float, 2>();
  for (std::int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const auto own = static_cast<float>((1 - smoothing) * batch.label_weights[at]);
    rows[i][batch.labels[at]] += own;
    rows[i][batch.partner_labels[at]] += static_cast<float>(1 - smoothing) - own;
  }
  return targets;
}

const model::Architecture& seeded(const model::Architecture& architecture, std::uint64_t seed) {
  torch::manual_seed(seed);
  return architecture;
}

// Noise in place of pictures, all of the first class.
TrainingBatch make_up_batch(const TrainerOptions& options) {
  const auto count = static_cast<std::size_t>(options.batch_size);
  TrainingBatch batch;
  batch.size = options.size;
  batch.pixels.resize(count * 3 * static_cast<std::size_t>(options.size) *
                      static_cast<std::size_t>(options.size));
  CounterRandom random(options.seed);
  for (std::uint8_t& value : batch.pixels) value = static_cast<std::uint8_t>(random.below(256));
  batch.labels.assign(count, 0);
  batch.partner_labels.assign(count, 0);
  batch.label_weights.assign(count, 1);
  batch.global_count = count;
  return batch;
}

// Seconds: the shortest of a few steps, after one to warm up.
double measure_step(const model::Architecture& architecture, const TrainerOptions& options,
                    const Context& context) {
  return nn::translate_torch_errors("train", [&] {
    torch::set_num_threads(static_cast<int>(context.threads));
    const TrainingBatch batch = make_up_batch(options);
    nn::Team alone;
    Learner learner(architecture, nullptr, options, alone, 1);
    double best = std::numeric_limits<double>::infinity();
    for (int i = 0; i <= kMeasuredSteps; ++i) {
      throw_if_stopped(context.stop);
      const auto start = Clock::now();
      (void)learner.step(batch, 0);
      if (i > 0) best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
    }
    return best;
  });
}

}  // namespace

Learner::Learner(const model::Architecture& architecture, const model::TensorMap* weights,
                 const TrainerOptions& options, nn::Team& team, std::size_t steps_per_epoch,
                 const torch::Tensor& pictures)
    : options_(options),
      team_(team),
      device_(to_torch(options.device, team)),
      network_(seeded(architecture, options.seed)),
      optimizer_(prepared(weights, pictures),
                 {.weight_decay = options.weight_decay,
                  .head_factor = options.head_factor,
                  // About an epoch's weights.
                  .max_average = 1 - 1 / std::max(10.0, static_cast<double>(steps_per_epoch))}) {}

nn::Network& Learner::prepared(const model::TensorMap* weights, const torch::Tensor& pictures) {
  if (weights != nullptr) {
    network_.load(*weights);
  } else if (pictures.defined()) {
    network_.whiten(pictures);
  }
  network_.freeze_statistics(options_.freeze_statistics);
  network_.train_with(team_);
  network_.to(device_);
  return network_;
}

double Learner::step(const TrainingBatch& batch, double learning_rate) {
  network_.train();
  const torch::Tensor targets =
      make_targets(batch, network_.architecture().classes, options_.label_smoothing).to(device_);
  optimizer_.zero_gradient();
  const torch::Tensor logits = forward(batch.pixels, batch.size);
  const torch::Tensor loss =
      -(targets * torch::log_softmax(logits, 1)).sum() / static_cast<double>(batch.global_count);
  loss.backward();
  const torch::Tensor total = loss.detach().clone();
  team_.sum({optimizer_.gradient(), total});
  const auto value = total.item<double>();
  if (!std::isfinite(value)) return value;
  const double norm = optimizer_.step(learning_rate);
  return std::isfinite(norm) ? value : norm;
}

torch::Tensor Learner::forward(std::span<const std::uint8_t> pixels, int side) {
  const auto count = static_cast<std::int64_t>(pixels.size()) / (std::int64_t{3} * side * side);
  const torch::Tensor input =
      torch::from_blob(const_cast<std::uint8_t*>(pixels.data()), {count, side, side, 3}, torch::kUInt8);
  const Autocast autocast(device_.type(), options_.precision == Precision::kBFloat16);
  return network_.forward(input.to(device_)).logits.to(torch::kFloat32);
}

StepTrial try_steps(const model::Architecture& architecture, const TrainerOptions& options,
                    const Context& context) {
  const auto measure = [&](Precision precision) {
    TrainerOptions tried = options;
    tried.precision = precision;
    return StepTrial{precision, measure_step(architecture, tried, context)};
  };
  if (options.precision != Precision::kAuto) return measure(options.precision);
  if (model::needs_float32(architecture)) return measure(Precision::kFloat32);
  if (options.device == Device::kCuda) return measure(Precision::kBFloat16);
  const StepTrial full = measure(Precision::kFloat32);
  if (!__builtin_cpu_supports("avx512bf16")) return full;
  const StepTrial half = measure(Precision::kBFloat16);
  context.log.debug("a step takes {:.0f} ms in float32, {:.0f} ms in bfloat16", 1000 * full.seconds,
                    1000 * half.seconds);
  return half.seconds * kClearlyFaster < full.seconds ? half : full;
}

Device choose_device(Device wanted) {
  if (wanted == Device::kCpu) return wanted;
  if (torch::cuda::is_available()) return Device::kCuda;
  if (wanted == Device::kAuto) return Device::kCpu;
  throw Error(ErrorKind::kUnsupported, "--device cuda",
              "LibTorch finds no CUDA device; build against a LibTorch for CUDA, or leave the option out");
}

}  // namespace winnow::training
