#include "winnow/training/train.hpp"

#include <fmt/format.h>

#include <chrono>

#include "external_test.hpp"
#include "finish.hpp"
#include "prepare.hpp"
#include "probe.hpp"
#include "run_report.hpp"
#include "scratch.hpp"
#include "winnow/core/atomic_file.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/core/text.hpp"
#include "winnow/embedding/backbone.hpp"
#include "winnow/embedding/embed.hpp"

namespace winnow::training {
namespace {

namespace fs = std::filesystem;

constexpr int kMinSize = 32;
constexpr int kMaxSize = 1024;
constexpr std::chrono::seconds kCheckpointInterval(10);

// metrics.jsonl: rewritten whole after each row, so a reader never sees half of one.
class MetricsFile {
 public:
  explicit MetricsFile(fs::path file) : file_(std::move(file)) {}
  void add(const Json& row) {
    text_ += to_line(row) + "\n";
    write_file_atomically(file_, text_);
  }

 private:
  fs::path file_;
  std::string text_;
};

class Run {
 public:
  Run(dataset::Dataset data, const TrainingOptions& options, const fs::path& folder, std::string command_line,
      const Context& context)
      : data_(std::move(data)),
        options_(options),
        folder_(folder),
        command_line_(std::move(command_line)),
        context_(context),
        architecture_(model::make_architecture(architecture_name(options), 0)),
        preprocessing_(embedding::preprocessing_for(architecture_, options.size)),
        metrics_(folder / "metrics.jsonl") {
    preprocessing_.fit = options.fit;
    if (preprocessing_.size < kMinSize || preprocessing_.size > kMaxSize) {
      throw Error(ErrorKind::kUsage, "--size",
                  fmt::format("{} is not between {} and {} pixels", preprocessing_.size, kMinSize, kMaxSize));
    }
  }

  TrainingSummary execute() {
    // The weights first: a wrong name should not cost a pass over the data.
    if (options_.recipe == Recipe::kProbe) read_weights();
    winnow::create_directories(folder_);
    prepare(data_, options_.split, skipped_, context_);
    if (!options_.test.empty()) external_ = open_external_test(options_.test, data_, context_);
    head_architecture_ = model::make_architecture(architecture_.name, class_count());
    Finished finished = options_.recipe == Recipe::kProbe ? run_probe() : run_scratch();
    if (external_) {
      for (const SkippedImage& image : external_->skipped) {
        skipped_.push_back({(external_->data.root / image.path).string(), image.failure});
      }
    }
    finished.checkpoint.metadata.provenance = provenance();
    write_checkpoint(folder_ / "best.ckpt", finished.checkpoint);
    if (options_.recipe == Recipe::kProbe) write_checkpoint(folder_ / "last.ckpt", finished.checkpoint);
    metrics_.add({{"final", finished.checkpoint.metadata.metrics}});

    const auto duration =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start_);
    const fs::path normal = fs::absolute(folder_).lexically_normal();
    const std::string name =
        normal.has_filename() ? normal.filename().string() : normal.parent_path().filename().string();
    write_file_atomically(folder_ / "report.html",
                          render_run_report({data_, options_, finished, skipped_, probe_steps_, epochs_, name,
                                             command_line_, duration}));
    return {finished.checkpoint.metadata.metrics, skipped_};
  }

 private:
  static std::string architecture_name(const TrainingOptions& options) {
    if (!options.architecture.empty()) return options.architecture;
    return options.recipe == Recipe::kProbe ? "efficientnet_lite0" : "small_resnet";
  }

  // Its files would pass for those of this run if it is stopped before it has its own.
  void remove_earlier_run() const {
    for (const char* name : {"best.ckpt", "last.ckpt", "metrics.jsonl", "report.html"}) {
      std::error_code error;
      fs::remove(folder_ / name, error);
      if (error) throw Error(ErrorKind::kIo, (folder_ / name).string(), "cannot remove: " + error.message());
    }
  }

  void read_weights() {
    embedding::Backbone backbone = embedding::read_backbone(options_.weights, architecture_.name);
    backbone_ = std::move(backbone.tensors);
    weights_source_ = std::move(backbone.source);
  }

  // Pictures that cannot be read are dropped from the data. cache: the folder to keep embeddings in, or
  // empty.
  [[nodiscard]] stats::Matrix embed_all(const fs::path& cache) {
    std::vector<fs::path> files;
    for (const dataset::Sample& sample : data_.samples) files.push_back(data_.root / sample.path);
    embedding::Embeddings embeddings =
        embedding::embed(architecture_, backbone_, preprocessing_, files, cache, context_);
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

  [[nodiscard]] Finished run_probe() {
    Trained trained = {.architecture = head_architecture_,
                       .preprocessing = preprocessing_,
                       .embeddings = embed_all(cache_folder())};
    check_classes(data_);
    remove_earlier_run();
    const std::vector<std::size_t> rows = samples_of(data_, dataset::Split::kTrain);
    std::vector<int> labels;
    std::vector<int> groups;
    for (const std::size_t i : rows) {
      labels.push_back(data_.samples[i].label);
      groups.push_back(data_.samples[i].group);
    }
    ProbeResult probe =
        fit_probe(trained.embeddings.select(rows), labels, groups, class_count(), options_.seed, context_);
    for (const stats::PenaltyStep& step : probe.steps) {
      metrics_.add({{"l2", step.l2}, {"held_out_nll", step.nll}, {"held_out_accuracy", step.accuracy}});
    }
    probe_steps_ = probe.steps;
    trained.backbone = backbone_;
    trained.head = std::move(probe.head);
    for (const std::size_t i : probe.held_out) trained.held_out_labels.push_back(labels[i]);
    trained.held_out_logits = std::move(probe.held_out_logits);
    return finish(std::move(trained), data_, external(), context_);
  }

  [[nodiscard]] Finished run_scratch() {
    backbone_ = train_from_scratch(
        head_architecture_, preprocessing_, data_, options_, skipped_, context_,
        [this] { remove_earlier_run(); },
        [&](const EpochResult& epoch, const std::function<model::TensorMap()>& weights) {
          finish_epoch(epoch, weights);
        });
    stats::LinearModel head = take_head();
    Trained trained = {.architecture = head_architecture_,
                       .preprocessing = preprocessing_,
                       .backbone = backbone_,
                       .head = std::move(head),
                       .embeddings = embed_all({})};
    return finish(std::move(trained), data_, external(), context_);
  }

  void finish_epoch(const EpochResult& epoch, const std::function<model::TensorMap()>& weights) {
    epochs_.push_back(epoch);
    metrics_.add({{"epoch", epoch.epoch},
                  {"learning_rate", epoch.learning_rate},
                  {"train_loss", epoch.train_loss},
                  {"val_nll", epoch.val_nll},
                  {"val_accuracy", epoch.val_accuracy},
                  {"images_per_second", epoch.images_per_second}});
    if (context_.terminal.status_mode() == Terminal::Status::kOff) {
      context_.log.info(
          "epoch {}/{}: loss {:.3f}, validation loss {:.3f}, accuracy {:.1f} %, {:.0f} images/s", epoch.epoch,
          options_.epochs, epoch.train_loss, epoch.val_nll, 100 * epoch.val_accuracy,
          epoch.images_per_second);
    }
    // Each checkpoint is synced to disk, which can take longer than a small epoch.
    const bool is_last = epoch.epoch == options_.epochs;
    const auto now = std::chrono::steady_clock::now();
    if (!is_last && now - last_checkpoint_ < kCheckpointInterval) return;
    last_checkpoint_ = now;
    // Until the end these hold weights that are not calibrated yet; a stopped run can still be exported.
    model::Checkpoint checkpoint;
    checkpoint.metadata.architecture = architecture_.name;
    checkpoint.metadata.classes = data_.classes;
    checkpoint.metadata.preprocessing = preprocessing_;
    checkpoint.metadata.provenance = provenance();
    checkpoint.tensors = weights();
    write_checkpoint(folder_ / "last.ckpt", checkpoint);
  }

  // Moves the head out of the trained tensors.
  [[nodiscard]] stats::LinearModel take_head() {
    const auto weight = backbone_.extract(head_architecture_.head + ".weight");
    const auto bias = backbone_.extract(head_architecture_.head + ".bias");
    stats::LinearModel head{stats::Matrix(static_cast<std::size_t>(class_count()),
                                          static_cast<std::size_t>(architecture_.embedding_size)),
                            bias.mapped().values};
    std::copy(weight.mapped().values.begin(), weight.mapped().values.end(), head.weights.values().begin());
    return head;
  }

  [[nodiscard]] ExternalTest* external() { return external_ ? &*external_ : nullptr; }

  [[nodiscard]] int class_count() const { return static_cast<int>(data_.classes.size()); }

  [[nodiscard]] Json provenance() const {
    std::string listing;
    Json counts = Json::object();
    for (const dataset::Split split :
         {dataset::Split::kTrain, dataset::Split::kValidation, dataset::Split::kTest}) {
      counts[std::string(to_string(split))] = samples_of(data_, split).size();
    }
    for (const dataset::Sample& sample : data_.samples) {
      listing += fmt::format("{}\t{}\t{}\n", sample.path, sample.label, to_string(sample.split));
    }
    Json json = {{"winnow", WINNOW_VERSION},
                 {"created", format_time(std::chrono::system_clock::now())},
                 {"command", command_line_},
                 {"recipe", options_.recipe == Recipe::kProbe ? "probe" : "scratch"},
                 {"seed", options_.seed},
                 {"images", counts},
                 {"data_sha256", sha256_hex(as_bytes(listing))}};
    if (!weights_source_.empty()) json["weights"] = weights_source_;
    return json;
  }

  dataset::Dataset data_;
  const TrainingOptions& options_;
  const fs::path& folder_;
  const std::string command_line_;
  const Context& context_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  const model::Architecture architecture_;  // up to the embedding
  model::Architecture head_architecture_;   // with the head
  image::Preprocessing preprocessing_;
  model::TensorMap backbone_;
  std::map<std::string, std::string> weights_source_;
  MetricsFile metrics_;
  std::vector<SkippedImage> skipped_;
  std::optional<ExternalTest> external_;
  std::vector<stats::PenaltyStep> probe_steps_;
  std::vector<EpochResult> epochs_;
  std::chrono::steady_clock::time_point last_checkpoint_ = start_;
};

}  // namespace

TrainingSummary train(dataset::Dataset data, const TrainingOptions& options, const fs::path& run_folder,
                      const std::string& command_line, const Context& context) {
  return Run(std::move(data), options, run_folder, command_line, context).execute();
}

}  // namespace winnow::training
