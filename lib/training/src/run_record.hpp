#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "external_test.hpp"
#include "finish.hpp"
#include "probe.hpp"
#include "trainer.hpp"
#include "winnow/training/train.hpp"

namespace winnow::training {

// What a run knows at its end: its report and its model card are made of this.
struct RunRecord {
  const dataset::Dataset& data;
  const TrainingOptions& options;
  const model::Architecture& architecture;  // with its head
  const Finished& finished;
  const ExternalTest* external;  // null: none
  const std::vector<SkippedImage>& skipped;
  const std::vector<stats::PenaltyStep>& probe_steps;  // empty: no probe was fitted
  const std::vector<EpochResult>& epochs;              // empty: no network was trained
  std::vector<std::string> trials =
      {};                    // what was tried and why the winner was kept, a line each; may be empty
  std::string balance = {};  // how rare classes were made up for; empty: they were not
  std::string name;
  std::string command_line;
  std::chrono::seconds duration;
};

}  // namespace winnow::training
