#include "train/run.hpp"

#include <fmt/ostream.h>

#include <ostream>

#include "winnow/core/threads.hpp"

namespace winnow::tools {
namespace {

// One line: "test accuracy 98.2 % (55 of 56; 95 % interval 90.6 to 99.7 %)".
void print_accuracy(const Json& metrics, std::ostream& out) {
  for (const auto& [name, values] : metrics.items()) {
    const std::string_view split = name == "external_test" ? "external test" : std::string_view(name);
    fmt::print(out, "{} accuracy {:.1f} % ({} of {}; 95 % interval {:.1f} to {:.1f} %)\n", split,
               100 * values.at("accuracy").get<double>(), values.at("correct").get<std::size_t>(),
               values.at("images").get<std::size_t>(), 100 * values.at("interval_95").at(0).get<double>(),
               100 * values.at("interval_95").at(1).get<double>());
  }
}

}  // namespace

cli::Outcome run(const TrainOptions& options, cli::ToolContext& context) {
  keep_freed_memory();
  training::TrainingOptions settings = options.training;
  settings.split.seed = settings.seed;
  if (options.dry_run) {
    for (const std::string& line :
         training::describe_plan(dataset::open_dataset(options.data), settings, context)) {
      fmt::print(context.out, "{}\n", line);
    }
    return cli::Outcome::kDone;
  }
  const training::TrainingSummary summary = training::train(dataset::open_dataset(options.data), settings,
                                                            options.run, context.command_line, context);
  for (const training::SkippedImage& image : summary.skipped) {
    context.log.warn("{}: {}; skipped", image.path, image.failure.message);
  }
  print_accuracy(summary.metrics, context.out);
  fmt::print(context.out, "report: {}\n", (options.run / "report.html").string());
  return summary.skipped.empty() ? cli::Outcome::kDone : cli::Outcome::kItemsFailed;
}

}  // namespace winnow::tools
