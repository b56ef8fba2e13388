#pragma once

#include <CLI/App.hpp>
#include <filesystem>

#include "winnow/training/train.hpp"

namespace winnow::tools {

struct TrainOptions {
  static constexpr const char* kName = "winnow-train";
  static constexpr const char* kSummary =
      "Learns to tell classes of pictures apart and writes a run: the best and the last checkpoint, metrics\n"
      "and a report to look at. It stands on a network that has seen a million photographs, and needs few\n"
      "pictures and seconds to minutes; with --recipe scratch it starts from nothing, for pictures unlike\n"
      "photographs.";
  static constexpr const char* kExample =
      "Example:\n  winnow-train curated.jsonl -o runs/pets\n  winnow-train drawings -o runs/drawings "
      "--recipe scratch --size 64";

  std::filesystem::path data;
  std::filesystem::path run;
  bool dry_run = false;
  training::TrainingOptions training;
};

void add_options(CLI::App& app, TrainOptions& options);

}  // namespace winnow::tools
