#pragma once

#include <CLI/App.hpp>

#include <string>

namespace winnow::cli {

// Scripts by which a shell completes the words behind the name of a tool: options, names of subcommands, and
// files or folders for values. https://www.gnu.org/software/bash/manual/ (Programmable Completion),
// zshcompsys(1), https://fishshell.com/docs/current/completions.html
[[nodiscard]] std::string bash_completion(const CLI::App& app);
[[nodiscard]] std::string zsh_completion(const CLI::App& app);
[[nodiscard]] std::string fish_completion(const CLI::App& app);

}  // namespace winnow::cli
