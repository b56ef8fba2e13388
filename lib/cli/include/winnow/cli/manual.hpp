// What --help says, in other forms: a manual page, and what shells complete words by.
#pragma once

#include <CLI/App.hpp>

#include <optional>
#include <string>

namespace winnow::cli {

enum class ManualForm {
  kMan,   // a page of section 1: man(7), groff_man(7)
  kBash,  // for share/bash-completion/completions
  kZsh,   // for share/zsh/site-functions
  kFish,  // for share/fish/vendor_completions.d
};

// The description, options, subcommands and footer of app. A line of the footer that ends in a colon is a
// heading, and indented ones stand as they are.
[[nodiscard]] std::string manual(const CLI::App& app, ManualForm form);

// Adds --generate, which prints one of these forms and ends the program. The value lies in form when parsing
// throws CLI::CallForHelp for it.
void add_generate_option(CLI::App& app, std::optional<ManualForm>& form);

}  // namespace winnow::cli
