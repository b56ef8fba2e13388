#pragma once

#include "scrape/options.hpp"
#include "winnow/cli/run_tool.hpp"

namespace winnow::tools {

// --verify: lists what is not as the manifest says. Throws as verify_set().
[[nodiscard]] cli::Outcome verify(const ScrapeOptions& options, cli::ToolContext& context);

// --remove-list: deletes what the list names. Throws as take_down(), and Error{kNotFound | kIo} for the list.
[[nodiscard]] cli::Outcome remove_listed(const ScrapeOptions& options, cli::ToolContext& context);

// --shards: packs the set. Throws as write_shards().
[[nodiscard]] cli::Outcome pack(const ScrapeOptions& options, cli::ToolContext& context);

// --merge: adds the pictures of other sets. Throws as merge_sets().
[[nodiscard]] cli::Outcome merge(const ScrapeOptions& options, cli::ToolContext& context);

}  // namespace winnow::tools
