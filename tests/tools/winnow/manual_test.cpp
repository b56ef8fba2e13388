// Manual pages and completions: all that --help names, in a form that man and the shells take.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/text.hpp"

namespace winnow {
namespace {

using test::Finished;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kTools[] = {"scrape", "curate", "train", "export", "classify", "serve", "doctor"};

std::string generated(const std::string& program, const std::string& form) {
  const Finished result = test::run({program, "--generate", form});
  EXPECT_EQ(result.exit_code, 0) << program << ' ' << form;
  EXPECT_EQ(result.err, "");
  return result.out;
}

// "  -o,--output DIR  What" -> "output"
std::set<std::string> long_options(const std::string& help) {
  std::set<std::string> names;
  for (const std::string_view line : split(help, '\n')) {
    const std::string_view text = trim(line);
    const std::size_t at = text.find("--");
    if (line.substr(0, 3) != "  -" || (at != 0 && at != 3)) continue;
    const std::string_view rest = text.substr(at + 2);
    names.emplace(rest.substr(0, rest.find_first_of(" =,")));
  }
  return names;
}

std::string with_escaped_dashes(const std::string& option) {
  std::string text;
  for (const char c : "--" + option) text += c == '-' ? std::string("\\-") : std::string(1, c);
  return text;
}

bool is_installed(const char* program) {
  return std::filesystem::exists(std::filesystem::path("/usr/bin") / program);
}

TEST(Manual, HasEveryOptionInEachForm) {
  for (const std::string tool : kTools) {
    const std::string program = "winnow-" + tool;
    const std::set<std::string> options = long_options(test::run({program, "--help"}).out);
    EXPECT_GT(options.size(), 10U) << tool;
    const std::string man = generated(program, "man");
    const std::string bash = generated(program, "bash");
    const std::string zsh = generated(program, "zsh");
    const std::string fish = generated(program, "fish");
    for (const std::string& option : options) {
      EXPECT_THAT(man, HasSubstr(with_escaped_dashes(option) + "\\fR")) << program;
      EXPECT_THAT(bash, HasSubstr("--" + option)) << program;
      EXPECT_THAT(zsh, HasSubstr("--" + option + "[")) << program;
      EXPECT_THAT(fish, HasSubstr(" -l " + option + " ")) << program;
    }
  }
}

TEST(Manual, OfTheFrontDoorHasEveryTool) {
  for (const char* form : {"man", "bash", "zsh", "fish"}) {
    const std::string text = generated("winnow", form);
    for (const char* tool : kTools) EXPECT_THAT(text, HasSubstr(tool)) << form;
  }
}

TEST(Manual, SaysNothingOfTheMachineThatWroteIt) {
  const char* home = std::getenv("HOME");
  for (const std::string tool : kTools) {
    const Finished page =
        test::run({"winnow-" + tool, "--generate", "man"}, {}, {"XDG_CACHE_HOME=/somewhere"});
    EXPECT_THAT(page.out, Not(HasSubstr("/somewhere"))) << tool;
    EXPECT_THAT(page.out, Not(HasSubstr(std::string(home == nullptr ? "/home" : home) + "/"))) << tool;
  }
}

TEST(Manual, LeavesManNothingToComplainOf) {
  if (!is_installed("man")) GTEST_SKIP() << "man is not installed; scripts/setup.sh installs it";
  const test::TemporaryFolder folder;
  for (const std::string program : {"winnow", "winnow-scrape", "winnow-curate", "winnow-train",
                                    "winnow-export", "winnow-classify", "winnow-serve", "winnow-doctor"}) {
    const auto page = folder.write(program + ".1", generated(program, "man"));
    const Finished result = test::run({"/usr/bin/man", "--warnings", "-E", "UTF-8", "-l", page.string()}, {},
                                      {"MANWIDTH=80", "LC_ALL=C.UTF-8"});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.err, "") << program;
    EXPECT_THAT(result.out, HasSubstr("SYNOPSIS\n       " + program));
  }
}

TEST(Manual, CompletesInBash) {
  const test::TemporaryFolder folder;
  const auto script = folder.write("train", generated("winnow-train", "bash"));
  const auto front_door = folder.write("winnow", generated("winnow", "bash"));
  const std::string load = "set -e; . " + script.string() + "; . " + front_door.string() + "; ";
  const Finished own =
      test::run({"/bin/bash", "-c",
                 load + "COMP_WORDS=(winnow-train --rec) COMP_CWORD=1; "
                        "_winnow_train winnow-train --rec winnow-train; echo \"${COMPREPLY[@]}\""});
  EXPECT_EQ(own.out, "--recipe\n") << own.err;
  const Finished tool = test::run({"/bin/bash", "-c",
                                   load + "COMP_WORDS=(winnow cur) COMP_CWORD=1; _winnow winnow cur winnow; "
                                          "echo \"${COMPREPLY[@]}\""});
  EXPECT_EQ(tool.out, "curate\n") << tool.err;
  const Finished through = test::run({"/bin/bash", "-c",
                                      load + "COMP_WORDS=(winnow train --rec) COMP_CWORD=2; "
                                             "_winnow winnow --rec train; echo \"${COMPREPLY[@]}\""});
  EXPECT_EQ(through.out, "--recipe\n") << through.err;
}

TEST(Manual, IsReadByZshAndFish) {
  const test::TemporaryFolder folder;
  for (const char* shell : {"zsh", "fish"}) {
    if (!is_installed(shell)) GTEST_SKIP() << shell << " is not installed; scripts/setup.sh installs it";
    for (const std::string program : {"winnow", "winnow-scrape", "winnow-export", "winnow-serve"}) {
      const auto script = folder.write(program, generated(program, shell));
      const Finished result = test::run({std::string("/usr/bin/") + shell, "-n", script.string()});
      EXPECT_EQ(result.exit_code, 0);
      EXPECT_EQ(result.err, "") << shell << ' ' << program;
    }
  }
}

TEST(Manual, CompletesInFishThroughTheFrontDoor) {
  if (!is_installed("fish")) GTEST_SKIP() << "fish is not installed; scripts/setup.sh installs it";
  const test::TemporaryFolder folder;
  const auto script = folder.write("curate.fish", generated("winnow-curate", "fish"));
  const auto front_door = folder.write("winnow.fish", generated("winnow", "fish"));
  const Finished result = test::run({"/usr/bin/fish", "-c",
                                     "source " + script.string() + "; source " + front_door.string() +
                                         "; complete -C 'winnow cur'; complete -C 'winnow curate --deci'"},
                                    {}, {"HOME=" + folder.path().string()});
  EXPECT_THAT(result.out, HasSubstr("curate\tfind broken files"));
  EXPECT_THAT(result.out, HasSubstr("--decisions\t")) << result.err;
}

TEST(Manual, RefusesAnUnknownForm) {
  for (const char* program : {"winnow", "winnow-curate"}) {
    const Finished result = test::run({program, "--generate", "pdf"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr("--generate"));
  }
}

}  // namespace
}  // namespace winnow
