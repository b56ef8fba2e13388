#include "classify/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "classify/answer_writer.hpp"
#include "classify/foreign.hpp"
#include "classify/heat_map_writer.hpp"
#include "classify/inputs.hpp"
#include "classify/picture_sorter.hpp"
#include "classify/scorecard.hpp"
#include "winnow/cli/cache_folder.hpp"
#include "winnow/cli/data_files.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/progress.hpp"
#include "winnow/core/text.hpp"
#include "winnow/dataset/loader.hpp"
#include "winnow/inference/answer.hpp"
#include "winnow/stats/mcnemar.hpp"

namespace winnow::tools {
namespace {

constexpr std::size_t kBatchSize = 8;

using Consume = std::function<void(std::size_t index, const inference::Prediction&)>;

// Hands over what the model says of each picture, in their order, and returns those that cannot be read.
std::vector<dataset::LoadFailure> classify_all(inference::Classifier& classifier,
                                               const std::vector<InputImage>& images,
                                               const ClassifyOptions& options, const std::string& what,
                                               const Context& context, const Consume& consume) {
  dataset::Dataset files;
  std::vector<std::size_t> all;
  for (const InputImage& image : images) {
    all.push_back(files.samples.size());
    files.samples.push_back({image.file.string()});
  }
  Progress progress(context.terminal, what, images.size());
  // Each thread asks about what it has decoded: more threads than processors would wait for each other.
  std::vector<inference::Prediction> predictions(images.size());
  const dataset::LoaderOptions loading{
      .batch_size = kBatchSize, .limits = options.limits, .on_batch = [&](const dataset::Batch& batch) {
        std::vector<inference::Prediction> answers = classifier.classify(batch.pixels);
        for (std::size_t i = 0; i < answers.size(); ++i)
          predictions[batch.indices[i]] = std::move(answers[i]);
      }};
  return dataset::load_batches(files, all, classifier.metadata().preprocessing, loading, context,
                               [&](dataset::Batch& batch) {
                                 for (const std::size_t index : batch.indices) {
                                   consume(index, std::exchange(predictions[index], {}));
                                 }
                                 progress.advance(batch.indices.size());
                               });
}

// What the two models say of pictures that both could be asked about, and of which the label is known.
struct Comparison {
  Scorecard other;
  std::size_t agreed = 0;
  std::size_t only_first_right = 0;
  std::size_t only_other_right = 0;

  void add(const inference::Answer& answer, const inference::Answer& second, const std::string& expected) {
    agreed += agree(answer, second) ? 1 : 0;
    if (expected.empty()) return;
    other.add(second, expected);
    const bool first_right = Scorecard::is_right(answer, expected);
    const bool second_right = Scorecard::is_right(second, expected);
    only_first_right += first_right && !second_right ? 1 : 0;
    only_other_right += second_right && !first_right ? 1 : 0;
  }
};

// One run of the tool: its models, and all that happens to an answer.
class Run {
 public:
  Run(const ClassifyOptions& options, cli::ToolContext& context)
      : options_(options), context_(context), writer_(options.format, context.out) {}

  cli::Outcome operator()() {
    std::vector<InputImage> images = collect_inputs(options_, context_);
    open_models(images.size());
    if (std::any_of(images.begin(), images.end(), is_elsewhere)) {
      brought_.emplace();
      for (const InputFailure& failed : bring_in(images, *brought_, options_, context_))
        fail(failed.name, failed.message);
    }
    ask_other(images);
    const std::vector<dataset::LoadFailure> failures =
        classify_all(*classifier_, images, options_, "classifying", context_,
                     [&](std::size_t index, const inference::Prediction& prediction) {
                       take(images[index], index, prediction);
                     });
    writer_.finish();
    for (const dataset::LoadFailure& failed : failures)
      fail(images[failed.index].name, failed.failure.message);
    if (answered_ == 0) {
      throw Error(ErrorKind::kInvalid, "",
                  fmt::format("{} given, none could be read", format_count(failed_, "image")));
    }
    report();
    return failed_ == 0 ? cli::Outcome::kDone : cli::Outcome::kItemsFailed;
  }

 private:
  void open_models(std::size_t images) {
    const auto foreign = foreign_model(options_.foreign);
    inference::EngineOptions engine{.threads = context_.threads,
                                    // For few pictures all processors work on one at a time.
                                    .callers = images < kBatchSize * context_.threads ? 1 : context_.threads,
                                    .device = options_.device,
                                    .cache_folder = cache_folder(),
                                    .activation_map = !options_.explain.empty(),
                                    .torch_engine = cli::module_file("libwinnow_torch_engine.so")};
    classifier_ = inference::open_classifier(options_.model, engine, foreign);
    bool speaks_for_itself = classifier_->metadata().architecture != inference::kForeignArchitecture;
    if (!options_.compare.empty()) {
      engine.activation_map = false;
      other_ = inference::open_classifier(options_.compare, engine, foreign);
      speaks_for_itself &= other_->metadata().architecture != inference::kForeignArchitecture;
    }
    if (foreign && speaks_for_itself) {
      throw Error(ErrorKind::kUsage, "--labels", "the model says itself what its classes are; leave it out");
    }
    const model::Metadata& metadata = classifier_->metadata();
    if (!options_.sort_into.empty()) sorter_.emplace(options_.sort_into, metadata.classes);
    if (!options_.explain.empty()) heat_maps_.emplace(options_.explain, options_.limits, context_.log);
  }

  [[nodiscard]] std::filesystem::path cache_folder() const {
    if (options_.no_cache) return {};
    return options_.cache.empty() ? cli::cache_folder() : options_.cache;
  }

  void ask_other(const std::vector<InputImage>& images) {
    if (!other_) return;
    others_.resize(images.size());
    // What cannot be read now is listed when the first model is asked.
    (void)classify_all(*other_, images, options_, "asking the other", context_,
                       [&](std::size_t index, const inference::Prediction& prediction) {
                         others_[index] = make_answer(prediction, other_->metadata(), options_.top);
                       });
  }

  void take(const InputImage& image, std::size_t index, const inference::Prediction& prediction) {
    const inference::Answer answer = make_answer(prediction, classifier_->metadata(), options_.top);
    ++answered_;
    if (!image.expected.empty()) scorecard_.add(answer, image.expected);
    const bool both = other_ && others_[index];
    if (both) comparison_.add(answer, *others_[index], image.expected);
    if (sorter_) sorter_->file(image.file, answer);
    if (heat_maps_) {
      heat_maps_->write(image.file, image.name, prediction, answer, classifier_->metadata().preprocessing);
    }
    writer_.write(image.name, answer, image.expected, both ? &*others_[index] : nullptr);
  }

  void fail(const std::string& name, const std::string& message) {
    ++failed_;
    context_.log.error("{}: {}; skipped", name, message);
  }

  void report() const {
    if (sorter_) sorter_->report(context_.log);
    if (other_) context_.log.info("{} of {} answers agree", comparison_.agreed, answered_);
    if (options_.expect.empty()) return;
    scorecard_.report_total(other_ ? options_.model.string() : "", context_.log);
    if (!other_) return scorecard_.report_classes(context_.log);
    comparison_.other.report_total(options_.compare.string(), context_.log);
    const double p = stats::mcnemar_p(comparison_.only_first_right, comparison_.only_other_right);
    context_.log.info("{} right only by the first, {} only by the other: {} (McNemar's test, p = {:.2g})",
                      comparison_.only_first_right, comparison_.only_other_right,
                      p < 0.05 ? "they differ" : "no difference that these pictures could show", p);
  }

  const ClassifyOptions& options_;
  cli::ToolContext& context_;
  AnswerWriter writer_;
  std::unique_ptr<inference::Classifier> classifier_;
  std::unique_ptr<inference::Classifier> other_;
  std::vector<std::optional<inference::Answer>> others_;
  std::optional<TemporaryFolder> brought_;
  std::optional<PictureSorter> sorter_;
  std::optional<HeatMapWriter> heat_maps_;
  Scorecard scorecard_;
  Comparison comparison_;
  std::size_t answered_ = 0;
  std::size_t failed_ = 0;
};

}  // namespace

cli::Outcome run(const ClassifyOptions& options, cli::ToolContext& context) {
  return Run(options, context)();
}

}  // namespace winnow::tools
