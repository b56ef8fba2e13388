#include "front_door.hpp"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>

#include "winnow/core/error.hpp"
#include "winnow/core/text.hpp"

namespace winnow::tools {
namespace {

constexpr std::string_view kHelp =
    R"(From a few words to a running image classifier, on one machine without a GPU.

Usage: winnow TOOL [options]

  scrape     gather labelled images from web pages and lists of addresses
  curate     find broken files and duplicates, split without leaks
  train      learn to tell the classes apart
  export     write one portable model file
  classify   say what is on pictures
  serve      put the model on the web

`winnow TOOL --help` tells more; winnow-TOOL is the same program.
)";

}  // namespace

int open_front_door(int argc, char** argv) {
  const std::string_view tool = argc > 1 ? argv[1] : "--help";
  if (tool == "--help" || tool == "-h" || tool == "help") {
    std::cout << kHelp;
    return argc > 1 ? 0 : 2;
  }
  if (tool == "--version") {
    std::cout << "winnow " << WINNOW_VERSION << '\n';
    return 0;
  }
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
