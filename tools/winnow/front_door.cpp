#include "front_door.hpp"

#include <unistd.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <cerrno>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include "winnow/cli/manual.hpp"
#include "winnow/completion.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/text.hpp"

namespace winnow::tools {
namespace {

struct ListedTool {
  const char* name;
  const char* what;
};

constexpr ListedTool kTools[] = {
    {"scrape", "gather labelled images from web pages and lists of addresses"},
    {"curate", "find broken files and duplicates, split without leaks"},
    {"train", "learn to tell the classes apart"},
    {"export", "write one portable model file"},
    {"classify", "say what is on pictures"},
    {"serve", "put the model on the web"},
    {"doctor", "say what this machine has, lacks and will run well"},
};

constexpr const char* kSummary =
    "From a few words to a running image classifier, on one machine without a GPU.";
constexpr const char* kMore = "`winnow TOOL --help` tells more; winnow-TOOL is the same program.";

std::string help() {
  std::string text = std::string(kSummary) + "\n\nUsage: winnow TOOL [options]\n\n";
  for (const auto& [name, what] : kTools) {
    text += "  " + std::string(name) + std::string(11 - std::string_view(name).size(), ' ') + what + "\n";
  }
  return text + "\n" + kMore + "\n";
}

// The forms of --generate; the tools are told apart without this, since their options are theirs.
int generate(int argc, char** argv) {
  CLI::App app(kSummary, "winnow");
  app.set_version_flag("--version", "")->description("Print the version and exit");
  app.footer(kMore);
  for (const auto& [name, what] : kTools) app.add_subcommand(name, what)->set_help_flag();
  std::optional<cli::ManualForm> form;
  cli::add_generate_option(app, form);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::cout << (*form == cli::ManualForm::kMan ? cli::manual(app, *form)
                                                 : front_door_completion(app, *form));
    return 0;
  } catch (const CLI::ParseError& error) {
    std::cerr << "winnow: " << printable(error.what()) << "; see winnow --help\n";
  }
  return 2;
}

}  // namespace

int open_front_door(int argc, char** argv) {
  const std::string_view tool = argc > 1 ? argv[1] : "--help";
  if (tool == "--help" || tool == "-h" || tool == "help") {
    std::cout << help();
    return argc > 1 ? 0 : 2;
  }
  if (tool == "--version") {
    std::cout << "winnow " << WINNOW_VERSION << '\n';
    return 0;
  }
  if (tool == "--generate") return generate(argc, argv);
  // A name, not a path: nothing outside our own folder is run.
  if (tool.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string_view::npos) {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    std::string program = (self.parent_path() / ("winnow-" + std::string(tool))).string();
    argv[1] = program.data();
    ::execv(program.c_str(), argv + 1);
    if (errno != ENOENT) {
      std::cerr << "winnow: " << program << ": " << system_message(errno) << '\n';
      return 1;
    }
  }
  std::cerr << "winnow: " << printable(tool) << ": no such tool; see winnow --help\n";
  return 2;
}

}  // namespace winnow::tools
