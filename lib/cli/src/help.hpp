// How --help looks: one option a paragraph, wrapped, without what every option has in common.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Formatter.hpp>

#include <string>
#include <vector>

namespace winnow::cli {

inline constexpr const char* kCommonGroup = "Common options";

[[nodiscard]] bool takes_many(const CLI::Option& option);
[[nodiscard]] bool takes_value(const CLI::Option& option);
// What it does, its default, and what it goes with.
[[nodiscard]] std::string describe(const CLI::Option& option);

class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() { label("Positionals", "Arguments"); }
  std::string make_group(std::string group, bool is_positional,
                         std::vector<const CLI::Option*> options) const override;
  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
};

}  // namespace winnow::cli
