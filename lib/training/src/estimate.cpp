#include "estimate.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "plan.hpp"
#include "winnow/core/control_group.hpp"
#include "winnow/core/text.hpp"
#include "winnow/embedding/embed.hpp"

namespace winnow::training {
namespace {

// What a picture costs that is only looked at, as a share of one that is learned from.
constexpr double kForwardShare = 0.35;
constexpr std::size_t kTriedPictures = 64;
constexpr double kMemoryShare = 0.5;  // of what may be used, for decoded pictures

using dataset::Split;

std::size_t count(const dataset::Dataset& data, Split split) {
  return samples_of(data, split).size();
}

std::string in_words(double seconds) {
  return format_duration(std::chrono::seconds(std::max(1L, std::lround(seconds))));
}

// The most that this process has had in memory so far.
std::uint64_t peak_memory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

std::string describe_embedding(const dataset::Dataset& data, const embedding::Backbone& backbone,
                               const image::Preprocessing& preprocessing, const Context& context) {
  dataset::Dataset some = data;
  some.samples.resize(std::min(some.samples.size(), kTriedPictures));
  const auto embed = [&] {
    const auto start = std::chrono::steady_clock::now();
    (void)embedding::embed(backbone.architecture, backbone.tensors, preprocessing, some, {}, context);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const auto tried = static_cast<double>(some.samples.size());
  const double all = embed();
  some.samples.resize(1);
  const double rest = embed();  // making the network ready
  const double seconds = rest + (all - rest) * static_cast<double>(data.samples.size()) / tried;
  return fmt::format("probe: one pass over {} pictures, about {} where the cache does not know them",
                     data.samples.size(), in_words(std::max(seconds, rest)));
}

void describe_training(const dataset::Dataset& data, const TrainingOptions& options,
                       const model::Architecture& architecture, const image::Preprocessing& preprocessing,
                       const Context& context, std::vector<std::string>& lines) {
  const Recipe recipe = options.recipe == Recipe::kScratch ? Recipe::kScratch : Recipe::kFinetune;
  const TrainerOptions plan = plan_trainer(recipe, options, preprocessing.size, data);
  const StepTrial trial = try_steps(architecture, plan, context);
  const std::string condition =
      options.recipe != Recipe::kAuto
          ? ""
          : fmt::format("; left out if the probe is good enough, shortened to fit into --budget ({:g} min)",
                        options.budget);
  lines.push_back(fmt::format("{}: {} epochs of {} pictures, {} a step, {}: about {} at {:.0f} images/s{}",
                              recipe == Recipe::kScratch ? "training" : "fine-tuning", plan.epochs,
                              count(data, Split::kTrain), plan.batch_size, precision_name(trial.precision),
                              in_words(plan.epochs * epoch_seconds(data, plan, trial)),
                              plan.batch_size / trial.seconds, condition));
  const std::uint64_t decoded = count(data, Split::kTrain) * image::output_bytes(with_margin(preprocessing)) +
                                count(data, Split::kValidation) * image::output_bytes(preprocessing);
  const std::uint64_t room = picture_memory(options);
  lines.push_back(fmt::format("memory: about {}, and {} of decoded pictures{}", format_bytes(peak_memory()),
                              format_bytes(decoded),
                              decoded <= room ? ""
                                              : fmt::format(", more than --memory ({}): they will lie in a "
                                                            "temporary file",
                                                            format_bytes(room))));
}

}  // namespace

double epoch_seconds(const dataset::Dataset& data, const TrainerOptions& plan, const StepTrial& trial) {
  return trial.seconds / plan.batch_size *
         (static_cast<double>(count(data, Split::kTrain)) +
          kForwardShare * static_cast<double>(count(data, Split::kValidation)));
}

void settle_plan(TrainerOptions& plan, const model::Architecture& architecture, const dataset::Dataset& data,
                 int processes, std::optional<double> seconds, const Context& context) {
  if (plan.precision != Precision::kAuto && !seconds) return;
  TrainerOptions tried = plan;
  tried.batch_size = std::max(1, plan.batch_size / processes);
  const StepTrial trial = try_steps(architecture, tried, context);
  plan.precision = trial.precision;
  if (!seconds) return;
  const int affordable = static_cast<int>(
      std::clamp(*seconds / epoch_seconds(data, plan, trial), 0.0, double{plan.epochs + 1.0}));
  if (affordable >= plan.epochs) return;
  context.log.info("{} of {} epochs fit into --budget", affordable, plan.epochs);
  plan.epochs = affordable;
}

std::uint64_t picture_memory(const TrainingOptions& options) {
  if (options.memory > 0) return options.memory;
  return static_cast<std::uint64_t>(kMemoryShare * static_cast<double>(usable_memory()));
}

std::vector<std::string> describe_run(const dataset::Dataset& data, const TrainingOptions& options,
                                      const model::Architecture& head_architecture,
                                      const embedding::Backbone& backbone,
                                      const image::Preprocessing& preprocessing, const Context& context) {
  std::vector<std::string> lines = {
      fmt::format("recipe: {}, network {} at {} px", recipe_name(options.recipe), head_architecture.name,
                  preprocessing.size),
      fmt::format("pictures: {} classes; {} to train, {} to validate, {} to test", data.classes.size(),
                  count(data, Split::kTrain), count(data, Split::kValidation), count(data, Split::kTest))};
  if (options.recipe != Recipe::kScratch) {
    lines.push_back(describe_embedding(data, backbone, preprocessing, context));
  }
  if (options.recipe != Recipe::kProbe) {
    describe_training(data, options, head_architecture, preprocessing, context, lines);
  }
  return lines;
}

}  // namespace winnow::training
