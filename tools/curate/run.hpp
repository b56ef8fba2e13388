#pragma once

#include "curate/options.hpp"
#include "winnow/cli/run_tool.hpp"

namespace winnow::tools {

cli::Outcome run(const CurateOptions& options, cli::ToolContext& context);

}  // namespace winnow::tools
