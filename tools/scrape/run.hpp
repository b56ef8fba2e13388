#pragma once

#include "scrape/options.hpp"
#include "winnow/cli/run_tool.hpp"

namespace winnow::tools {

[[nodiscard]] cli::Outcome run(const ScrapeOptions& options, cli::ToolContext& context);

}  // namespace winnow::tools
