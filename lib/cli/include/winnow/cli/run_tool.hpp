// What every executable has in common: options, signals, logging, and errors turned into exit codes.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <iosfwd>
#include <map>
#include <string>

#include "winnow/core/context.hpp"

namespace winnow::cli {

enum class Outcome {
  kDone,         // exit code 0
  kItemsFailed,  // 3: finished, and the items that failed have been listed
};

struct ToolContext : Context {
  std::ostream& out;         // results, and nothing else
  std::string command_line;  // as a person would type it again
};

struct Tool {
  std::string name;     // "winnow-train"
  std::string summary;  // the first lines of --help
  std::string example;  // its last lines
  std::function<void(CLI::App&)> add_options;
  std::function<Outcome(ToolContext&)> run;
  // Variables that libraries read before main() begins: those not set are, and the program starts once more.
  std::map<std::string, std::string> environment{};
};

// Parses, runs, and returns the exit code: 0 done; 1 failed; 2 bad usage; 3 some items failed; 128+signal
// after a stop by SIGINT or SIGTERM. A second such signal ends the process at once. Every option can also
// stand in the --config file and in the environment as WINNOW_TOOL_OPTION; the command line wins over the
// environment, and that over the file. Call once, first thing in main, while there is one thread.
int run_tool(int argc, const char* const* argv, const Tool& tool);

}  // namespace winnow::cli
