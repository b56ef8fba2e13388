#pragma once

#include "scrape/options.hpp"
#include "winnow/cli/run_tool.hpp"

namespace winnow::tools {

// --find-only: writes what is found as a list that --urls reads, and fetches none of it. check() has passed.
[[nodiscard]] cli::Outcome find(const ScrapeOptions& options, cli::ToolContext& context);

}  // namespace winnow::tools
