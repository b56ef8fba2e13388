// What holds for the options of every tool.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace winnow::test {

// Names of the options that are registered without a description, for a test to expect none:
//   EXPECT_THAT(undescribed_options([&](CLI::App& app) { add_options(app, options); }), IsEmpty());
[[nodiscard]] std::vector<std::string> undescribed_options(const std::function<void(CLI::App&)>& add_options);

// The same for the text of --help, which also holds the options that all tools share: option lines without a
// description. Throws std::invalid_argument if there is no option in the text at all.
[[nodiscard]] std::vector<std::string> undescribed_in_help(const std::string& help);

}  // namespace winnow::test
