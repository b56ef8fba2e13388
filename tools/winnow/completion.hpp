#pragma once

#include <CLI/App.hpp>

#include <string>

#include "winnow/cli/manual.hpp"

namespace winnow::tools {

// Completes the name of a tool, and behind it what the completion of winnow-TOOL does. form is one of a
// shell.
[[nodiscard]] std::string front_door_completion(const CLI::App& app, cli::ManualForm form);

}  // namespace winnow::tools
