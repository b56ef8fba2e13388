#include "train/run.hpp"

#include <fmt/ostream.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <ostream>
#include <thread>

#include "winnow/core/threads.hpp"
#include "winnow/nn/team_place.hpp"

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
  settings.place = nn::team_place([](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  });
  const bool is_first = settings.place.rank == 0;
  if (options.dry_run && !is_first) return cli::Outcome::kDone;
  if (!is_first) {
    context.log.set_level(std::max(context.log.level(), spdlog::level::warn));
    context.terminal.set_status_mode(Terminal::Status::kOff);
  }
  // Launchers do not say so, or bind processes to processors, which context.threads knows.
  const unsigned share =
      std::thread::hardware_concurrency() / static_cast<unsigned>(settings.place.local_size);
  context.threads = std::min(context.threads, std::max(share, 1U));
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
  if (!is_first) return cli::Outcome::kDone;
  for (const training::SkippedImage& image : summary.skipped) {
    context.log.warn("{}: {}; skipped", image.path, image.failure.message);
  }
  print_accuracy(summary.metrics, context.out);
  fmt::print(context.out, "report: {}\n", (options.run / "report.html").string());
  return summary.skipped.empty() ? cli::Outcome::kDone : cli::Outcome::kItemsFailed;
}

}  // namespace winnow::tools
