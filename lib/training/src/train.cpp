#include "winnow/training/train.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "estimate.hpp"
#include "external_test.hpp"
#include "finish.hpp"
#include "head.hpp"
#include "plan.hpp"
#include "prepare.hpp"
#include "probe.hpp"
#include "run_folder.hpp"
#include "trainer.hpp"
#include "winnow/core/atomic_file.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/text.hpp"
#include "winnow/embedding/backbone.hpp"
#include "winnow/embedding/embed.hpp"
#include "winnow/nn/team.hpp"

namespace winnow::training {
namespace {

namespace fs = std::filesystem;

constexpr int kMinSize = 25;
constexpr int kMaxSize = 1024;
constexpr double kBudgetReserve = 0.1;  // for decoding, and for measuring the result

class Run {
 public:
  Run(dataset::Dataset data, const TrainingOptions& options, const fs::path& folder, std::string command_line,
      const Context& context)
      : data_(std::move(data)),
        options_(options),
        folder_(folder, context),
        command_line_(std::move(command_line)),
        context_(context),
        architecture_(model::make_architecture(architecture_name(options), 0, options.size)),
        preprocessing_(embedding::preprocessing_for(architecture_)) {
    preprocessing_.fit = options.fit;
    if (options.recipe == Recipe::kScratch && preprocessing_.size <= kThumbnailSide) {
      preprocessing_.crop_fraction = 1;
    }
    if (preprocessing_.size < kMinSize || preprocessing_.size > kMaxSize) {
      throw Error(ErrorKind::kUsage, "--size",
                  fmt::format("{} is not between {} and {} pixels", preprocessing_.size, kMinSize, kMaxSize));
    }
  }

  TrainingSummary execute() {
    team_ = nn::Team(options_.place);
    if (!team_.is_first()) return follow();
    // The weights first: a wrong name should not cost a pass over the data.
    if (options_.recipe != Recipe::kScratch) read_weights();
    if (options_.resume) resumed_ = folder_.read_unfinished();
    winnow::create_directories(folder_.best().parent_path());
    prepare(data_, options_.split, skipped_, context_);
    if (!options_.test.empty()) external_ = open_external_test(options_.test, data_, context_);
    head_architecture_ = model::make_architecture(architecture_.name, class_count(), preprocessing_.size);
    Finished finished = run_recipe();
    if (external_) {
      for (const SkippedImage& image : external_->skipped) {
        skipped_.push_back({(external_->data.root / image.path).string(), image.failure});
      }
    }
    finished.checkpoint.metadata.provenance = provenance();
    const RunRecord record{.data = data_,
                           .options = options_,
                           .architecture = head_architecture_,
                           .finished = finished,
                           .external = external(),
                           .skipped = skipped_,
                           .probe_steps = probe_steps_,
                           .epochs = epochs_,
                           .trials = trials_,
                           .balance = balance_,
                           .name = folder_.name(),
                           .command_line = command_line_,
                           .duration = std::chrono::duration_cast<std::chrono::seconds>(elapsed())};
    folder_.finish(record);
    return {finished.checkpoint.metadata.metrics, skipped_};
  }

  [[nodiscard]] std::vector<std::string> describe() {
    if (options_.recipe != Recipe::kScratch) read_weights();
    prepare(data_, options_.split, skipped_, context_);
    head_architecture_ = model::make_architecture(architecture_.name, class_count(), preprocessing_.size);
    return describe_run(data_, options_, head_architecture_, {architecture_, backbone_}, preprocessing_,
                        context_);
  }

 private:
  static std::string architecture_name(const TrainingOptions& options) {
    if (!options.architecture.empty()) return options.architecture;
    return options.recipe == Recipe::kScratch ? "small_resnet" : "efficientnet_lite0";
  }

  [[nodiscard]] std::chrono::steady_clock::duration elapsed() const {
    return std::chrono::steady_clock::now() - start_;
  }

  void read_weights() {
    const fs::path file = options_.weights.empty()
                              ? options_.weights_folder / (architecture_.name + ".safetensors")
                              : options_.weights;
    embedding::Backbone backbone = embedding::read_backbone(file, architecture_.name, preprocessing_.size);
    backbone_ = std::move(backbone.tensors);
    weights_source_ = std::move(backbone.source);
  }

  // Pictures that cannot be read are dropped from the data. cache: the folder to keep embeddings in, or
  // empty.
  [[nodiscard]] stats::Matrix embed_all(const model::TensorMap& backbone, const fs::path& cache) {
    embedding::Embeddings embeddings =
        embedding::embed(architecture_, backbone, preprocessing_, data_, {.cache = cache}, context_);
    for (const dataset::LoadFailure& failed : embeddings.failures) {
      skipped_.push_back({data_.samples[failed.index].path, failed.failure});
    }
    std::vector<dataset::Sample> samples;
    for (const std::size_t i : embeddings.kept) samples.push_back(std::move(data_.samples[i]));
    data_.samples = std::move(samples);
    return std::move(embeddings.values);
  }

  [[nodiscard]] fs::path cache_folder() const {
    if (options_.no_cache) return {};
    return options_.cache.empty() ? embedding::default_cache(data_.root) : options_.cache;
  }

  // What the others do: their part of every batch.
  [[nodiscard]] TrainingSummary follow() {
    prepare(data_, options_.split, skipped_, context_);
    head_architecture_ = model::make_architecture(architecture_.name, class_count(), preprocessing_.size);
    const Json decisions = Json::parse(team_.share(""));
    if (decisions.is_null()) return {Json::object(), skipped_};
    (void)train_weights(plan_from(decisions, options_, preprocessing_.size, data_), nullptr);
    return {Json::object(), skipped_};
  }

  [[nodiscard]] Finished run_recipe() {
    switch (options_.recipe) {
      case Recipe::kProbe:
        return keep_probe(finish_probe(fit_head()));
      case Recipe::kFinetune:
        return finetune(fit_head().head, plan_run(Recipe::kFinetune, std::nullopt));
      case Recipe::kScratch:
        return train_and_finish(plan_run(Recipe::kScratch, std::nullopt), nullptr);
      case Recipe::kAuto:
        break;
    }
    return run_auto();
  }

  // The others of the team have nothing to do then.
  [[nodiscard]] Finished keep_probe(Finished probed) {
    (void)team_.share("null");
    return probed;
  }

  // The head of the pretrained network. Leaves the embeddings in embeddings_.
  [[nodiscard]] ProbeResult fit_head() {
    embeddings_ = embed_all(backbone_, cache_folder());
    check_classes(data_);
    folder_.begin(data_, resumed_.has_value());
    const std::vector<std::size_t> rows = samples_of(data_, dataset::Split::kTrain);
    ProbeResult probe = fit_probe(embeddings_.select(rows), labels_of(data_, rows), groups_of(data_, rows),
                                  class_count(), options_.seed, context_);
    folder_.add(probe.steps);
    probe_steps_ = probe.steps;
    return probe;
  }

  [[nodiscard]] Finished finish_probe(const ProbeResult& probe) {
    const std::vector<int> labels = labels_of(data_, samples_of(data_, dataset::Split::kTrain));
    Trained trained = {.architecture = head_architecture_,
                       .preprocessing = preprocessing_,
                       .backbone = backbone_,
                       .head = probe.head,
                       .embeddings = embeddings_,
                       .held_out_logits = probe.held_out_logits};
    for (const std::size_t i : probe.held_out) trained.held_out_labels.push_back(labels[i]);
    return finish(std::move(trained), data_, external(), context_);
  }

  [[nodiscard]] Finished run_auto() {
    const ProbeResult probe = fit_head();
    Finished probed = finish_probe(probe);
    const Evaluation* validation = find_validation(probed);
    if (!resumed_) {
      if (const auto reason =
              why_not_finetune(probe, labels_of(data_, samples_of(data_, dataset::Split::kTrain)),
                               validation == nullptr ? nullptr : &validation->confusion)) {
        choose("probe", *reason);
        return keep_probe(std::move(probed));
      }
    }
    const std::chrono::duration<double> left =
        std::chrono::duration<double>(options_.budget * 60) - elapsed();
    const TrainerOptions plan = plan_run(Recipe::kFinetune, left.count());
    if (plan.epochs < 1) {
      choose("probe", "not even one epoch of fine-tuning fits into --budget");
      return keep_probe(std::move(probed));
    }
    Finished tuned = finetune(probe.head, plan);
    const double before = validation_nll(probed);
    const double after = validation_nll(tuned);
    const std::string figures =
        fmt::format("validation loss {:.4f} after fine-tuning, {:.4f} with the probe", after, before);
    if (after < before) {
      choose("finetune", figures);
      probe_steps_.clear();
      return tuned;
    }
    choose("probe", figures);
    epochs_.clear();
    return probed;
  }

  // One line to the person, and the same into the checkpoint.
  void choose(const std::string& recipe, const std::string& why) {
    context_.log.info("keeps the {}: {}", recipe == "probe" ? "probe" : "fine-tuned network", why);
    choice_ = {{"recipe", recipe}, {"why", why}};
    trials_.push_back(
        fmt::format("Kept the {}: {}.", recipe == "probe" ? "probe" : "fine-tuned network", why));
  }

  [[nodiscard]] static const Evaluation* find_validation(const Finished& finished) {
    for (const Evaluation& evaluation : finished.evaluations) {
      if (evaluation.name == kValidationSet) return &evaluation;
    }
    return nullptr;
  }

  [[nodiscard]] static double validation_nll(const Finished& finished) {
    const Evaluation* validation = find_validation(finished);
    return validation == nullptr ? 0 : validation->nll;
  }

  // What the trainer is to do: measured, or as it was for a run that is resumed. seconds: how long it may
  // take at most; no epochs are left if that is not enough for one.
  [[nodiscard]] TrainerOptions plan_run(Recipe recipe, std::optional<double> seconds) const {
    TrainerOptions plan = plan_trainer(recipe, options_, preprocessing_.size, data_);
    if (resumed_) {
      resume_plan(resumed_->training_state.value("config", Json::object()), options_, plan);
      return plan;
    }
    if (seconds) *seconds -= kBudgetReserve * options_.budget * 60;
    settle_plan(plan, head_architecture_, data_, team_.size(), seconds, context_);
    return plan;
  }

  // From the pretrained network with a fitted head.
  [[nodiscard]] Finished finetune(const stats::LinearModel& head, const TrainerOptions& plan) {
    const model::TensorMap start = with_head(backbone_, head_architecture_, head);
    return train_and_finish(plan, &start);
  }

  [[nodiscard]] Finished train_and_finish(const TrainerOptions& plan, const model::TensorMap* start) {
    if (team_.size() > 1) context_.log.info("{} processes train together", team_.size());
    (void)team_.share(decisions_of(plan).dump());
    model::TensorMap tensors = train_weights(plan, start);
    team_ = nn::Team();
    stats::LinearModel head = take_head(head_architecture_, tensors);
    Trained trained = {.architecture = head_architecture_,
                       .preprocessing = preprocessing_,
                       .backbone = tensors,
                       .head = std::move(head),
                       .embeddings = embed_all(tensors, {})};
    return finish(std::move(trained), data_, external(), context_);
  }

  // Together with the team. start: of rank 0; null: random weights.
  [[nodiscard]] model::TensorMap train_weights(const TrainerOptions& plan, const model::TensorMap* start) {
    if (plan.balance > 0) {
      balance_ = "Some classes are rare: their pictures are drawn more often.";
      context_.log.info("some classes are rare: their pictures are drawn more often");
    }

    const std::uint64_t memory = picture_memory(options_);
    const PictureStore validation = decode(dataset::Split::kValidation, preprocessing_, memory);
    const std::uint64_t taken = validation.in_memory() ? validation.count() * validation.picture_bytes() : 0;
    const PictureStore training = decode(dataset::Split::kTrain, with_margin(preprocessing_), memory - taken);
    for (const PictureStore* store : {&validation, &training}) drop(store->skipped());
    check_classes(data_);
    if (team_.is_first()) folder_.begin(data_, resumed_.has_value());

    TrainerFiles files{.best = folder_.best(), .last = folder_.last()};
    files.metadata.architecture = architecture_.name;
    files.metadata.classes = data_.classes;
    files.metadata.preprocessing = preprocessing_;
    files.metadata.provenance = provenance();
    files.config = {{"architecture", architecture_.name},
                    {"classes", data_.classes},
                    {"data_sha256", hash_samples(data_)},
                    {"preprocessing", to_json(preprocessing_)}};
    files.config.update(to_json(plan));  // what a person would look for first comes first
    if (resumed_) {
      check_resumable(resumed_->training_state.value("config", Json::object()), files.config,
                      files.last.string());
    }
    return train_network({head_architecture_, start, training, validation, team_}, plan, files, resumed_,
                         context_, [&](const EpochResult& epoch) { finish_epoch(epoch, plan.epochs); });
  }

  [[nodiscard]] PictureStore decode(dataset::Split split, const image::Preprocessing& preprocessing,
                                    std::uint64_t bytes) const {
    return {data_, samples_of(data_, split), preprocessing, {.memory = bytes}, context_};
  }

  // Leaves pictures that cannot be read out of the data.
  void drop(const std::vector<SkippedImage>& unreadable) {
    for (const SkippedImage& image : unreadable) {
      std::erase_if(data_.samples, [&](const dataset::Sample& sample) { return sample.path == image.path; });
      skipped_.push_back(image);
    }
  }

  void finish_epoch(const EpochResult& epoch, int epochs) {
    if (!team_.is_first()) return;
    epochs_.push_back(epoch);
    folder_.add(epoch);
    if (context_.terminal.status_mode() != Terminal::Status::kOff) return;
    context_.log.info("epoch {}/{}: loss {:.3f}, validation loss {:.3f}, accuracy {:.1f} %, {:.0f} images/s",
                      epoch.epoch, epochs, epoch.train_loss, epoch.val_nll, 100 * epoch.val_accuracy,
                      epoch.images_per_second);
  }

  [[nodiscard]] ExternalTest* external() { return external_ ? &*external_ : nullptr; }

  [[nodiscard]] int class_count() const { return static_cast<int>(data_.classes.size()); }

  [[nodiscard]] Json provenance() const {
    Json counts = Json::object();
    for (const dataset::Split split :
         {dataset::Split::kTrain, dataset::Split::kValidation, dataset::Split::kTest}) {
      counts[std::string(to_string(split))] = samples_of(data_, split).size();
    }
    Json json = {{"winnow", WINNOW_VERSION},
                 {"created", format_time(std::chrono::system_clock::now())},
                 {"command", command_line_},
                 {"recipe", recipe_name(options_.recipe)},
                 {"seed", options_.seed},
                 {"images", counts},
                 {"data_sha256", hash_samples(data_)}};
    if (!choice_.is_null()) json["kept"] = choice_;
    if (!weights_source_.empty()) json["weights"] = weights_source_;
    return json;
  }

  dataset::Dataset data_;
  const TrainingOptions& options_;
  nn::Team team_;
  RunFolder folder_;
  const std::string command_line_;
  const Context& context_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  const model::Architecture architecture_;  // up to the embedding
  model::Architecture head_architecture_;   // with the head
  image::Preprocessing preprocessing_;
  model::TensorMap backbone_;
  std::map<std::string, std::string> weights_source_;
  std::vector<SkippedImage> skipped_;
  std::optional<ExternalTest> external_;
  std::vector<stats::PenaltyStep> probe_steps_;
  std::vector<EpochResult> epochs_;
  std::vector<std::string> trials_;  // see RunRecord
  std::string balance_;
  stats::Matrix embeddings_;  // of the pretrained network, in the order of the data
  std::optional<model::Checkpoint> resumed_;
  Json choice_;  // of auto: the recipe whose network is kept, and why
};

}  // namespace

TrainingSummary train(dataset::Dataset data, const TrainingOptions& options, const fs::path& run_folder,
                      const std::string& command_line, const Context& context) {
  return Run(std::move(data), options, run_folder, command_line, context).execute();
}

std::vector<std::string> describe_plan(dataset::Dataset data, const TrainingOptions& options,
                                       const Context& context) {
  return Run(std::move(data), options, {}, "", context).describe();
}

}  // namespace winnow::training
