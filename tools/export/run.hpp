#pragma once

#include "export/options.hpp"
#include "winnow/cli/run_tool.hpp"

namespace winnow::tools {

cli::Outcome run(const ExportOptions& options, cli::ToolContext& context);

}  // namespace winnow::tools
