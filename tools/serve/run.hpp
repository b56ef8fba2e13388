#pragma once

#include "serve/options.hpp"
#include "winnow/cli/run_tool.hpp"

namespace winnow::tools {

// Serves until a stop is asked for, which is its ordinary end.
cli::Outcome run(const ServeOptions& options, cli::ToolContext& context);

}  // namespace winnow::tools
