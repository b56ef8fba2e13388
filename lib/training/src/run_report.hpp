#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "finish.hpp"
#include "probe.hpp"
#include "trainer.hpp"
#include "winnow/training/train.hpp"

namespace winnow::training {

// What a run knows at its end, for its report.
struct RunRecord {
  const dataset::Dataset& data;
  const TrainingOptions& options;
  const Finished& finished;
  const std::vector<SkippedImage>& skipped;
  const std::vector<stats::PenaltyStep>& probe_steps;  // empty unless a probe was kept
  const std::vector<EpochResult>& epochs;              // empty if a probe was kept
  std::string name;
  std::string command_line;
  std::chrono::seconds duration;
};

// One HTML file that opens offline. docs/tools/train.md shows one.
[[nodiscard]] std::string render_run_report(const RunRecord& record);

}  // namespace winnow::training
