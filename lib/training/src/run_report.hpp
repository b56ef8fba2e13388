#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "finish.hpp"
#include "probe.hpp"
#include "scratch.hpp"
#include "winnow/training/train.hpp"

namespace winnow::training {

// What a run knows at its end, for its report.
struct RunRecord {
  const dataset::Dataset& data;
  const TrainingOptions& options;
  const Finished& finished;
  const std::vector<SkippedImage>& skipped;
  const std::vector<stats::PenaltyStep>& probe_steps;  // empty for scratch
  const std::vector<EpochResult>& epochs;              // empty for probe
  std::string name;
  std::string command_line;
  std::chrono::seconds duration;
};

// One HTML file that opens offline. docs/tools/train.md shows one.
[[nodiscard]] std::string render_run_report(const RunRecord& record);

}  // namespace winnow::training
