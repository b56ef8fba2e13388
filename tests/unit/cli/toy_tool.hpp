// The smallest tool, to see what run_tool makes of it.
#pragma once

#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "winnow/cli/run_tool.hpp"

namespace winnow::cli {

struct Toy {
  std::string name = "nobody";
  int max_count = 3;
  bool loud = false;
  std::vector<std::string> words;
};

using ToyRun = std::function<Outcome(const Toy&, ToolContext&)>;

inline Outcome print_toy(const Toy& toy, ToolContext& context) {
  context.out << "name=" << toy.name << " count=" << toy.max_count << " loud=" << toy.loud << " words=";
  for (const std::string& word : toy.words) context.out << word << '/';
  context.out << " threads=" << context.threads << '\n';
  return Outcome::kDone;
}

// Runs in the process that calls it, so call it in a child.
inline int run_toy(const std::vector<std::string>& arguments, const ToyRun& run, bool needs_words = false) {
  Toy toy;
  const auto add_options = [&](CLI::App& app) {
    app.add_option("words", toy.words, "What to say")->required(needs_words);
    app.add_option("-n,--name", toy.name, "Who says it");
    app.add_option("--max-count", toy.max_count, "How often")->check(CLI::Range(1, 99));
    app.add_flag("--loud", toy.loud, "Shout");
  };
  std::vector<const char*> argv = {"/somewhere/winnow-toy"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  return run_tool(static_cast<int>(argv.size()), argv.data(),
                  {"winnow-toy", "Says things.", "Example: winnow-toy hello", add_options,
                   [&](ToolContext& context) { return run(toy, context); }});
}

inline test::Finished toy(const std::vector<std::string>& arguments, const ToyRun& run = print_toy) {
  return test::run_in_child([&] { return run_toy(arguments, run); });
}

inline test::Finished toy_in(const std::map<std::string, std::string>& environment,
                             const std::vector<std::string>& arguments, const ToyRun& run = print_toy) {
  return test::run_in_child([&] {
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    return run_toy(arguments, run);
  });
}

}  // namespace winnow::cli
