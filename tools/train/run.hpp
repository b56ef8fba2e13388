#pragma once

#include "train/options.hpp"
#include "winnow/cli/run_tool.hpp"

namespace winnow::tools {

cli::Outcome run(const TrainOptions& options, cli::ToolContext& context);

}  // namespace winnow::tools
