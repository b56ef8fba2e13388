#pragma once

#include "classify/options.hpp"
#include "winnow/cli/run_tool.hpp"

namespace winnow::tools {

cli::Outcome run(const ClassifyOptions& options, cli::ToolContext& context);

}  // namespace winnow::tools
