#pragma once

#include "doctor/options.hpp"
#include "winnow/cli/run_tool.hpp"

namespace winnow::tools {

cli::Outcome run(const DoctorOptions& options, cli::ToolContext& context);

}  // namespace winnow::tools
