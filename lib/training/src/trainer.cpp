#include "trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <limits>
#include <numbers>

#include "batch_stream.hpp"
#include "learner.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/progress.hpp"
#include "winnow/nn/network.hpp"
#include "winnow/nn/torch_errors.hpp"
#include "winnow/stats/calibration.hpp"

namespace winnow::training {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kWarmUpShare = 0.1;
constexpr double kFinalRate = 0.01;  // of the peak
constexpr std::size_t kEvaluationBatch = 64;
constexpr int kStateFormat = 1;
constexpr int kWritingPause = 20;  // times as long as writing takes
// How many times the loss of guessing a mean over an epoch may be.
constexpr double kDiverged = 3;

constexpr const char* kAverageTensor = "training.average";
constexpr const char* kBestTensor = "training.best";
constexpr const char* kFirstMomentTensor = "training.first_moment";
constexpr const char* kSecondMomentTensor = "training.second_moment";

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(std::min(line.size(), line.find(':') + 2));
  }
  return "unknown";
}

double rate_at(std::int64_t step, std::int64_t steps) {
  const double warm_up = std::max(1.0, kWarmUpShare * static_cast<double>(steps));
  const auto at = static_cast<double>(step);
  if (at < warm_up) return (at + 1) / warm_up;
  const double progress = (at - warm_up) / std::max(1.0, static_cast<double>(steps) - warm_up);
  return kFinalRate + (1 - kFinalRate) * 0.5 * (1 + std::cos(std::numbers::pi * progress));
}

// [n, side, side, 3], spread over all: enough to see what patches look like.
torch::Tensor some_pictures(const PictureStore& pictures) {
  constexpr std::size_t kPixels = 1'000'000;
  const auto side = static_cast<std::size_t>(pictures.side());
  const std::size_t count = std::clamp<std::size_t>(kPixels / (side * side), 1, pictures.count());
  torch::Tensor some =
      torch::empty({static_cast<std::int64_t>(count), pictures.side(), pictures.side(), 3}, torch::kUInt8);
  for (std::size_t i = 0; i < count; ++i) {
    const std::span<const std::uint8_t> picture = pictures.picture(i * pictures.count() / count);
    std::copy(picture.begin(), picture.end(), some.data_ptr<std::uint8_t>() + i * picture.size());
  }
  return some;
}

class Trainer {
 public:
  Trainer(const TrainerInput& input, const TrainerOptions& options, const Context& context)
      : input_(input),
        options_(options),
        context_(context),
        steps_per_epoch_(BatchStream(input.training, batch_options()).steps_per_epoch()),
        team_(input.team),
        learner_(input.architecture, input.weights, options, team_, steps_per_epoch_,
                 some_pictures(input.training)),
        network_(learner_.network()),
        optimizer_(learner_.optimizer()) {}

  model::TensorMap run(const TrainerFiles& files, const std::optional<model::Checkpoint>& resume_from,
                       const std::function<void(const EpochResult&)>& on_epoch) {
    if (resume_from) {
      try {
        restore(*resume_from);
      } catch (const Json::exception&) {
        throw Error(ErrorKind::kInvalid, files.last.string(),
                    "its training state is damaged; leave out --resume to begin anew");
      }
    }
    begin_together(files);
    for (const EpochResult& epoch : history_) on_epoch(epoch);
    try {
      run_epochs(files, on_epoch);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled && team_.is_first()) save(files);
      throw;
    }
    return team_.is_first() ? best_tensors() : model::TensorMap();
  }

 private:
  [[nodiscard]] BatchOptions batch_options() const {
    return {.sizes = {options_.size},
            .batch_size = static_cast<std::size_t>(options_.batch_size),
            .seed = options_.seed,
            .augment = options_.augment,
            .mix = options_.mix,
            .mix_epochs = options_.mix_epochs,
            .balance = options_.balance,
            .rank = static_cast<unsigned>(input_.team.rank()),
            .world = static_cast<unsigned>(input_.team.size())};
  }

  [[nodiscard]] std::int64_t done_steps() const {
    return static_cast<std::int64_t>((static_cast<std::size_t>(position_.epoch) - 1) * steps_per_epoch_ +
                                     position_.step);
  }
  [[nodiscard]] std::int64_t total_steps() const {
    return static_cast<std::int64_t>(steps_per_epoch_) * options_.epochs;
  }

  // Everybody goes on from where rank 0 stands.
  void begin_together(const TrainerFiles& files) {
    team_.require_equal("what is trained (data, options or version)", files.config.dump());
    const std::string progress = team_.share(progress_to_json().dump());
    const Optimizer::State state = optimizer_.state();
    team_.broadcast({state.weights, state.average, state.first_moment, state.second_moment});
    if (!team_.is_first()) restore_progress(Json::parse(progress));
  }

  void throw_if_anybody_stopped() {
    if (team_.any(context_.stop.stop_requested())) throw Error(ErrorKind::kCancelled, "", "stopped");
  }

  void run_epochs(const TrainerFiles& files, const std::function<void(const EpochResult&)>& on_epoch) {
    BatchStream stream(input_.training, batch_options(), stream_start());
    Progress progress(context_.terminal, "training",
                      static_cast<std::size_t>(total_steps() - done_steps()) * batch_options().batch_size);
    while (position_.epoch <= options_.epochs && !is_patience_over()) {
      const auto start = Clock::now();
      std::size_t pictures = 0;
      while (position_.step < steps_per_epoch_) {
        throw_if_anybody_stopped();
        const TrainingBatch batch = stream.next();
        learning_rate_ = options_.learning_rate * rate_at(done_steps(), total_steps());
        const double loss = learner_.step(batch, learning_rate_);
        if (!std::isfinite(loss)) fail(loss);
        ++position_.step;
        loss_sum_ += loss;
        pictures += batch.global_count;
        progress.advance(batch.global_count);
        progress.set_note(fmt::format("epoch {}/{}  loss {:.3f}{}", position_.epoch, options_.epochs,
                                      loss_sum_ / static_cast<double>(position_.step), last_validation_));
        save_if_due(files);
      }
      finish_epoch(static_cast<double>(pictures) / seconds_since(start), start);
      on_epoch(history_.back());
      save_if_due(files);
    }
  }

  // Where the next batch is; a run may have been stopped between the last step of an epoch and its end.
  [[nodiscard]] BatchPosition stream_start() const {
    if (position_.step < steps_per_epoch_) return position_;
    return {position_.epoch + 1, 0};
  }

  [[noreturn]] void fail(double loss) const {
    throw Error(ErrorKind::kInvalid, "training",
                fmt::format("the loss became {:.3g} in epoch {}; use a lower --lr", loss, position_.epoch));
  }

  void finish_epoch(double images_per_second, Clock::time_point start) {
    const double train_loss = loss_sum_ / static_cast<double>(steps_per_epoch_);
    const double guessing = std::log(static_cast<double>(input_.architecture.classes));
    if (train_loss > kDiverged * std::max(1.0, guessing)) fail(train_loss);
    EpochResult result{.epoch = position_.epoch,
                       .step = position_.epoch * static_cast<std::int64_t>(steps_per_epoch_),
                       .learning_rate = learning_rate_,
                       .train_loss = train_loss,
                       .images_per_second = images_per_second};
    if (input_.validation.count() > 0) {
      validate(result);
      if (!std::isfinite(result.val_nll)) fail(result.val_nll);
    }
    if (!(result.val_nll >= best_nll_)) {  // without validation pictures, every epoch is the best so far
      best_ = optimizer_.average().clone();
      best_epoch_ = position_.epoch;
      best_is_saved_ = false;
      if (!std::isnan(result.val_nll)) best_nll_ = result.val_nll;
    }
    result.seconds = seconds_since(start);
    history_.push_back(result);
    position_ = {position_.epoch + 1, 0};
    loss_sum_ = 0;
  }

  // The loss with the temperature that suits it: smoothed labels leave a network less sure than it is right.
  void validate(EpochResult& result) {
    const PictureStore& pictures = input_.validation;
    const Optimizer::UseWeights average(optimizer_, optimizer_.average());
    const torch::NoGradGuard no_grad;
    network_.eval();
    const auto classes = static_cast<std::size_t>(input_.architecture.classes);
    stats::Matrix logits(pictures.count(), classes);  // zero where another process has a number
    for (std::size_t begin = 0; begin < pictures.count(); begin += kEvaluationBatch) {
      if (begin / kEvaluationBatch % static_cast<std::size_t>(team_.size()) !=
          static_cast<std::size_t>(team_.rank()))
        continue;
      throw_if_stopped(context_.stop);
      const std::size_t count = std::min(kEvaluationBatch, pictures.count() - begin);
      const torch::Tensor rows =
          learner_.forward(pictures.pictures(begin, count), pictures.side()).to(torch::kCPU).contiguous();
      std::copy_n(rows.data_ptr<float>(), count * classes, logits.row(begin).data());
    }
    team_.sum({torch::from_blob(logits.row(0).data(),
                                {static_cast<std::int64_t>(pictures.count()), input_.architecture.classes})});
    const std::vector<int>& labels = pictures.labels();
    const std::vector<int> answers = stats::argmax(logits);
    std::size_t correct = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) correct += answers[i] == labels[i] ? 1 : 0;
    result.val_accuracy = static_cast<double>(correct) / static_cast<double>(labels.size());
    result.val_nll = stats::negative_log_likelihood(logits, labels, stats::fit_temperature(logits, labels));
    last_validation_ = fmt::format("  val {:.1f} %", 100 * result.val_accuracy);
  }

  // Without progress for a fifth of the run, but never in its first third, when the rate is high.
  [[nodiscard]] bool is_patience_over() const {
    const int done = static_cast<int>(history_.size());
    if (input_.validation.count() == 0 || 3 * done < options_.epochs) return false;
    return done - best_epoch_ >= std::max(3, (options_.epochs + 4) / 5);
  }

  [[nodiscard]] model::TensorMap best_tensors() {
    const Optimizer::UseWeights best(optimizer_, best_);
    return network_.state();
  }

  void save_if_due(const TrainerFiles& files) {
    if (!team_.is_first()) return;
    const bool is_first = next_save_ == Clock::time_point{};
    if (is_first && history_.empty()) return;
    if (!is_first && Clock::now() < next_save_) return;
    const auto start = Clock::now();
    save(files);
    next_save_ = Clock::now() +
                 std::max<Clock::duration>(std::chrono::seconds(1), kWritingPause * (Clock::now() - start));
  }

  void save(const TrainerFiles& files) {
    try {
      if (best_.defined() && !best_is_saved_) {
        model::write_checkpoint(files.best, {files.metadata, best_tensors()});
        best_is_saved_ = true;
      }
      model::write_checkpoint(files.last, state(files));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kIo) throw;
      context_.log.warn("{}; training goes on, and what was saved before is still there", error.what());
    }
  }

  [[nodiscard]] model::Checkpoint state(const TrainerFiles& files) const {
    model::Checkpoint checkpoint{files.metadata, network_.state()};
    const Optimizer::State optimizer = optimizer_.state();
    const auto keep = [&](const char* name, const torch::Tensor& values) {
      const torch::Tensor plain = values.to(torch::kCPU).contiguous();
      const auto* begin = plain.data_ptr<float>();
      checkpoint.tensors[name] = {{plain.numel()}, {begin, begin + plain.numel()}};
    };
    keep(kAverageTensor, optimizer.average);
    keep(kFirstMomentTensor, optimizer.first_moment);
    keep(kSecondMomentTensor, optimizer.second_moment);
    if (best_.defined()) keep(kBestTensor, best_);
    checkpoint.training_state = progress_to_json();
    checkpoint.training_state.update({{"format", kStateFormat},
                                      {"config", files.config},
                                      {"processes", team_.size()},
                                      {"threads", context_.threads},
                                      {"processor", processor_name()}});
    return checkpoint;
  }

  [[nodiscard]] Json progress_to_json() const {
    Json epochs = Json::array();
    for (const EpochResult& epoch : history_) epochs.push_back(to_json(epoch));
    return {{"epoch", position_.epoch},
            {"step", position_.step},
            {"loss_sum", loss_sum_},
            {"learning_rate", learning_rate_},
            {"optimizer_steps", optimizer_.state().steps},
            {"best_epoch", best_epoch_},
            {"epochs", epochs}};
  }

  void restore_progress(const Json& json) {
    optimizer_.restore_steps(json.at("optimizer_steps").get<std::int64_t>());
    position_ = {json.at("epoch").get<int>(), json.at("step").get<std::size_t>()};
    loss_sum_ = json.at("loss_sum").get<double>();
    learning_rate_ = json.at("learning_rate").get<double>();
    best_epoch_ = json.at("best_epoch").get<int>();
    for (const Json& epoch : json.at("epochs")) history_.push_back(epoch_from_json(epoch));
    if (best_epoch_ < 1 || static_cast<std::size_t>(best_epoch_) > history_.size()) return;
    const double nll = history_[static_cast<std::size_t>(best_epoch_) - 1].val_nll;
    if (!std::isnan(nll)) best_nll_ = nll;
  }

  void restore(const model::Checkpoint& checkpoint) {
    const torch::NoGradGuard no_grad;
    const Json& json = checkpoint.training_state;
    network_.load(checkpoint.tensors);
    const Optimizer::State optimizer = optimizer_.state();
    const auto take = [&](const char* name, torch::Tensor target) {
      const model::Tensor& source = model::require_tensor(checkpoint.tensors, name, target.sizes().vec());
      target.copy_(torch::from_blob(const_cast<float*>(source.values.data()), source.shape));
    };
    take(kAverageTensor, optimizer.average);
    take(kFirstMomentTensor, optimizer.first_moment);
    take(kSecondMomentTensor, optimizer.second_moment);
    restore_progress(json);
    if (best_epoch_ > 0) {
      best_ = torch::empty_like(optimizer.average);
      take(kBestTensor, best_);
      best_is_saved_ = false;
    }
    const auto processes = json.value("processes", 1);
    const auto threads = json.at("threads").get<unsigned>();
    const auto processor = json.at("processor").get<std::string>();
    if (processes != team_.size() || threads != context_.threads || processor != processor_name()) {
      context_.log.warn(
          "the run began with {} processes of {} threads on {}; it goes on, but its weights will differ in "
          "their last bits",
          processes, threads, processor);
    }
    context_.log.info("goes on in epoch {} after step {} of {}", position_.epoch, position_.step,
                      steps_per_epoch_);
  }

  const TrainerInput& input_;
  const TrainerOptions& options_;
  const Context& context_;
  const std::size_t steps_per_epoch_;
  nn::Team& team_;
  Learner learner_;
  nn::Network& network_;
  Optimizer& optimizer_;

  BatchPosition position_;  // of the next step
  double loss_sum_ = 0;     // over the steps of this epoch
  double learning_rate_ = 0;
  std::vector<EpochResult> history_;
  torch::Tensor best_;  // as Optimizer::average()
  int best_epoch_ = 0;
  double best_nll_ = std::numeric_limits<double>::infinity();
  bool best_is_saved_ = false;
  Clock::time_point next_save_{};
  std::string last_validation_;
};

}  // namespace

model::TensorMap train_network(const TrainerInput& input, const TrainerOptions& options,
                               const TrainerFiles& files, const std::optional<model::Checkpoint>& resume_from,
                               const Context& context,
                               const std::function<void(const EpochResult&)>& on_epoch) {
  return nn::translate_torch_errors("train", [&] {
    torch::set_num_threads(static_cast<int>(context.threads));
    return Trainer(input, options, context).run(files, resume_from, on_epoch);
  });
}

}  // namespace winnow::training
