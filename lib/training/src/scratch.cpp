#include "scratch.hpp"

#include <fmt/format.h>
#include <torch/torch.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <numeric>

#include "prepare.hpp"
#include "winnow/core/progress.hpp"
#include "winnow/core/random.hpp"
#include "winnow/core/text.hpp"
#include "winnow/dataset/loader.hpp"
#include "winnow/nn/network.hpp"
#include "winnow/nn/torch_errors.hpp"

namespace winnow::training {
namespace {

constexpr double kLabelSmoothing = 0.1;
constexpr double kWarmUpShare = 0.1;
constexpr double kMaxGradientNorm = 1;
constexpr std::int64_t kEvaluationBatch = 64;
constexpr double kMemoryShare = 0.6;  // of the machine, for decoded pictures

// What random draws are for, so that each use has its own.
enum Purpose : std::uint64_t { kOrder = 1, kAugmentation = 2 };

// The decoded pictures of one split.
struct Pictures {
  std::int64_t side = 0;
  torch::Tensor pixels;  // uint8 [samples, side, side, 3]
  torch::Tensor labels;  // int64 [samples]

  [[nodiscard]] std::size_t count() const { return static_cast<std::size_t>(labels.size(0)); }
};

// Somewhat more than the network takes: training sees a crop from anywhere, and a crop of that size is what
// `preprocessing` makes.
image::Preprocessing with_margin(image::Preprocessing preprocessing) {
  preprocessing.size = static_cast<int>(std::lround(preprocessing.size / preprocessing.crop_fraction));
  preprocessing.crop_fraction = 1;
  return preprocessing;
}

// All pictures stay in memory: decoding them again for each epoch would take longer than learning from them.
void check_memory(std::size_t pictures, std::size_t bytes_each) {
  const auto memory =
      static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  const double needed = static_cast<double>(pictures) * static_cast<double>(bytes_each);
  if (needed < kMemoryShare * memory) return;
  throw Error(ErrorKind::kUnsupported, "--size",
              fmt::format("{} pictures of this size take {}, this machine has {}; choose a smaller one",
                          pictures, format_bytes(static_cast<std::uint64_t>(needed)),
                          format_bytes(static_cast<std::uint64_t>(memory))));
}

Pictures load_pictures(dataset::Split split, const image::Preprocessing& preprocessing,
                       dataset::Dataset& data, std::vector<SkippedImage>& skipped, const Context& context) {
  const std::vector<std::size_t> samples = dataset::samples_of(data, split);
  check_memory(samples.size(), image::output_bytes(preprocessing));

  Pictures pictures{.side = preprocessing.size};
  pictures.pixels = torch::empty({static_cast<std::int64_t>(samples.size()), pictures.side, pictures.side, 3},
                                 torch::kUInt8);
  std::vector<std::int64_t> labels;
  std::uint8_t* next = pictures.pixels.data_ptr<std::uint8_t>();
  Progress progress(context.terminal, "decoding", samples.size());
  const auto take = [&](dataset::Batch& batch) {
    std::memcpy(next, batch.pixels.data(), batch.pixels.size());
    next += batch.pixels.size();
    for (const std::size_t i : batch.indices) labels.push_back(data.samples[i].label);
    progress.advance(batch.indices.size());
  };
  const auto failures = dataset::load_batches(data, samples, preprocessing, {}, context, take);
  pictures.labels = torch::tensor(labels, torch::kInt64);

  for (auto failed = failures.rbegin(); failed != failures.rend(); ++failed) {
    const auto at = data.samples.begin() + static_cast<std::ptrdiff_t>(failed->index);
    skipped.push_back({at->path, failed->failure});
    data.samples.erase(at);
  }
  return pictures;
}

// [batch, size, size, 3]: each sample's own crop and flip, drawn from (seed, epoch, sample) alone.
torch::Tensor augment(const Pictures& pictures, std::span<const std::int64_t> samples, int size,
                      std::uint64_t seed, int epoch) {
  torch::Tensor batch =
      torch::empty({static_cast<std::int64_t>(samples.size()), size, size, 3}, torch::kUInt8);
  const auto side = static_cast<std::size_t>(pictures.side);
  const auto out_side = static_cast<std::size_t>(size);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    CounterRandom random(seed, kAugmentation, epoch, samples[i]);
    const std::size_t top = random.below(side - out_side + 1);
    const std::size_t left = random.below(side - out_side + 1);
    const bool flip = random.below(2) == 1;
    const std::uint8_t* source =
        pictures.pixels.data_ptr<std::uint8_t>() + static_cast<std::size_t>(samples[i]) * side * side * 3;
    std::uint8_t* target = batch.data_ptr<std::uint8_t>() + i * out_side * out_side * 3;
    for (std::size_t y = 0; y < out_side; ++y) {
      const std::uint8_t* row = source + ((top + y) * side + left) * 3;
      if (!flip) {
        std::memcpy(target, row, out_side * 3);
      } else {
        for (std::size_t x = 0; x < out_side; ++x)
          std::memcpy(target + x * 3, row + (out_side - 1 - x) * 3, 3);
      }
      target += out_side * 3;
    }
  }
  return batch;
}

double learning_rate_at(std::int64_t step, std::int64_t steps, double peak) {
  const auto warm_up = std::max(1.0, kWarmUpShare * static_cast<double>(steps));
  const auto at = static_cast<double>(step);
  if (at < warm_up) return peak * (at + 1) / warm_up;
  const double progress = (at - warm_up) / std::max(1.0, static_cast<double>(steps) - warm_up);
  return peak * (0.01 + 0.99 * 0.5 * (1 + std::cos(std::numbers::pi * progress)));
}

struct Validation {
  double nll = std::numeric_limits<double>::quiet_NaN();
  double accuracy = std::numeric_limits<double>::quiet_NaN();
};

class ScratchTrainer {
 public:
  ScratchTrainer(const model::Architecture& architecture, int size, const Pictures& training,
                 const Pictures& validation, const TrainingOptions& options, const Context& context)
      : size_(size),
        training_(training),
        validation_(validation),
        options_(options),
        context_(context),
        network_(architecture),
        optimizer_({torch::optim::OptimizerParamGroup(network_.decayed_parameters()),
                    torch::optim::OptimizerParamGroup(network_.undecayed_parameters())},
                   torch::optim::AdamWOptions(options.learning_rate).weight_decay(options.weight_decay)) {
    auto& plain = static_cast<torch::optim::AdamWOptions&>(optimizer_.param_groups()[1].options());
    plain.weight_decay(0);
    const auto train = static_cast<std::int64_t>(training.count());
    // A last batch of one picture has no statistics to normalise by; it joins the next epoch's shuffle.
    steps_per_epoch_ = std::max<std::int64_t>(1, (train + options.batch_size - 2) / options.batch_size);
  }

  // Returns the mean training loss.
  double run_epoch(int epoch, Progress& progress) {
    std::vector<std::int64_t> order(training_.count());
    std::iota(order.begin(), order.end(), std::int64_t{0});
    std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
      return CounterRandom(options_.seed, kOrder, epoch, a).next() <
             CounterRandom(options_.seed, kOrder, epoch, b).next();
    });
    network_.train();
    double total = 0;
    for (std::int64_t step = 0; step < steps_per_epoch_; ++step) {
      throw_if_stopped(context_.stop);
      const auto begin = static_cast<std::size_t>(step) * static_cast<std::size_t>(options_.batch_size);
      const std::size_t count =
          std::min<std::size_t>(static_cast<std::size_t>(options_.batch_size), order.size() - begin);
      set_learning_rate((epoch - 1) * steps_per_epoch_ + step);
      const double loss = run_step(std::span(order).subspan(begin, count), epoch);
      if (!std::isfinite(loss)) {
        throw Error(ErrorKind::kInvalid, "training",
                    fmt::format("the loss became {} in epoch {}; use a lower --lr", loss, epoch));
      }
      total += loss;
      progress.advance(count);
      progress.set_note(
          fmt::format("epoch {}/{}  loss {:.3f}{}", epoch, options_.epochs, loss, last_validation_));
    }
    return total / static_cast<double>(steps_per_epoch_);
  }

  Validation validate() {
    Validation result;
    const auto total = static_cast<std::int64_t>(validation_.count());
    if (total == 0) return result;
    const torch::NoGradGuard no_grad;
    network_.eval();
    double nll = 0;
    std::int64_t correct = 0;
    for (std::int64_t begin = 0; begin < total; begin += kEvaluationBatch) {
      const std::int64_t count = std::min(kEvaluationBatch, total - begin);
      const torch::Tensor labels = validation_.labels.narrow(0, begin, count);
      const torch::Tensor logits = network_.forward(validation_.pixels.narrow(0, begin, count)).logits;
      nll += torch::nn::functional::cross_entropy(
                 logits, labels, torch::nn::functional::CrossEntropyFuncOptions().reduction(torch::kSum))
                 .item<double>();
      correct += logits.argmax(1).eq(labels).sum().item<std::int64_t>();
    }
    result.nll = nll / static_cast<double>(total);
    result.accuracy = static_cast<double>(correct) / static_cast<double>(total);
    last_validation_ = fmt::format("  val {:.1f} %", 100 * result.accuracy);
    return result;
  }

  [[nodiscard]] const nn::Network& network() const { return network_; }
  [[nodiscard]] double learning_rate() const { return learning_rate_; }
  [[nodiscard]] std::int64_t steps_per_epoch() const { return steps_per_epoch_; }

 private:
  double run_step(std::span<const std::int64_t> samples, int epoch) {
    const torch::Tensor pixels = augment(training_, samples, size_, options_.seed, epoch);
    const torch::Tensor labels = training_.labels.index_select(
        0, torch::tensor(std::vector<std::int64_t>(samples.begin(), samples.end())));
    optimizer_.zero_grad();
    const torch::Tensor loss = torch::nn::functional::cross_entropy(
        network_.forward(pixels).logits, labels,
        torch::nn::functional::CrossEntropyFuncOptions().label_smoothing(kLabelSmoothing));
    loss.backward();
    torch::nn::utils::clip_grad_norm_(network_.parameters(), kMaxGradientNorm);
    optimizer_.step();
    return loss.item<double>();
  }

  void set_learning_rate(std::int64_t step) {
    learning_rate_ = learning_rate_at(step, steps_per_epoch_ * options_.epochs, options_.learning_rate);
    for (torch::optim::OptimizerParamGroup& group : optimizer_.param_groups()) {
      group.options().set_lr(learning_rate_);
    }
  }

  const int size_;
  const Pictures& training_;
  const Pictures& validation_;
  const TrainingOptions& options_;
  const Context& context_;
  nn::Network network_;
  torch::optim::AdamW optimizer_;
  std::int64_t steps_per_epoch_ = 0;
  double learning_rate_ = 0;
  std::string last_validation_;
};

model::TensorMap train_epochs(
    const model::Architecture& architecture, const image::Preprocessing& preprocessing,
    dataset::Dataset& data, const TrainingOptions& options, std::vector<SkippedImage>& skipped,
    const Context& context, const std::function<void()>& on_start,
    const std::function<void(const EpochResult&, const std::function<model::TensorMap()>&)>& on_epoch) {
  torch::manual_seed(options.seed);
  torch::set_num_threads(static_cast<int>(context.threads));
  const Pictures training =
      load_pictures(dataset::Split::kTrain, with_margin(preprocessing), data, skipped, context);
  const Pictures validation =
      load_pictures(dataset::Split::kValidation, preprocessing, data, skipped, context);
  check_classes(data);
  on_start();
  ScratchTrainer trainer(architecture, preprocessing.size, training, validation, options, context);
  const auto copy_weights = [&] { return trainer.network().state(); };

  model::TensorMap best;
  double best_nll = std::numeric_limits<double>::infinity();
  Progress progress(context.terminal, "training",
                    training.count() * static_cast<std::size_t>(options.epochs));
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    const auto start = std::chrono::steady_clock::now();
    const double train_loss = trainer.run_epoch(epoch, progress);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const Validation measured = trainer.validate();
    if (!(measured.nll >= best_nll)) {  // without validation pictures, every epoch is the best so far
      best = copy_weights();
      if (!std::isnan(measured.nll)) best_nll = measured.nll;
    }
    const double whole = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    on_epoch({epoch, epoch * trainer.steps_per_epoch(), trainer.learning_rate(), train_loss, measured.nll,
              measured.accuracy, static_cast<double>(training.count()) / seconds, whole},
             copy_weights);
  }
  return best;
}

}  // namespace

model::TensorMap train_from_scratch(
    const model::Architecture& architecture, const image::Preprocessing& preprocessing,
    dataset::Dataset& data, const TrainingOptions& options, std::vector<SkippedImage>& skipped,
    const Context& context, const std::function<void()>& on_start,
    const std::function<void(const EpochResult&, const std::function<model::TensorMap()>&)>& on_epoch) {
  return nn::translate_torch_errors("train", [&] {
    return train_epochs(architecture, preprocessing, data, options, skipped, context, on_start, on_epoch);
  });
}

}  // namespace winnow::training
