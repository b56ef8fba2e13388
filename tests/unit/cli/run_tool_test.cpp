#include "winnow/cli/run_tool.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "support/options.hpp"
#include "support/temporary_folder.hpp"
#include "unit/cli/toy_tool.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/json.hpp"
#include "winnow/core/threads.hpp"

namespace winnow::cli {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// Bad usage: exit code 2, nothing on stdout, and one line that says what is wrong and where help is.
void expect_bad_usage(const test::Finished& child, const std::string& reason) {
  EXPECT_EQ(child.exit_code, 2);
  EXPECT_EQ(child.out, "");
  EXPECT_THAT(child.err, StartsWith("winnow-toy: "));
  EXPECT_THAT(child.err, HasSubstr(reason));
  EXPECT_THAT(child.err, EndsWith("; see winnow-toy --help\n"));
  EXPECT_EQ(child.err.find('\n'), child.err.size() - 1) << child.err;
}

ToyRun throw_error(ErrorKind kind) {
  return
      [kind](const Toy&, ToolContext&) -> Outcome { throw Error(kind, "pets/1.jpg", "broken; remove it"); };
}

TEST(RunTool, HandsTheOptionsToTheTool) {
  const test::Finished child = toy({"hello", "--name", "Ann", "--max-count=5", "--loud", "world"});
  EXPECT_EQ(child.exit_code, 0);
  EXPECT_THAT(child.out, StartsWith("name=Ann count=5 loud=1 words=hello/world/ "));
  EXPECT_EQ(child.err, "");
}

TEST(RunTool, UsesTheDefaultsOfTheTool) {
  const test::Finished child = toy({});
  EXPECT_EQ(child.out,
            "name=nobody count=3 loud=0 words= threads=" + std::to_string(available_threads()) + "\n");
}

TEST(RunTool, TakesWordsBehindTwoDashesAsTheyAre) {
  EXPECT_THAT(toy({"--", "--name"}).out, HasSubstr("words=--name/"));
}

TEST(RunTool, ExitsWithThreeWhenItemsFailed) {
  EXPECT_EQ(toy({}, [](const Toy&, ToolContext&) { return Outcome::kItemsFailed; }).exit_code, 3);
}

TEST(RunTool, ExitsWithOneOnAnErrorAndSaysItInOneLine) {
  for (const ErrorKind kind : {ErrorKind::kInvalid, ErrorKind::kNotFound, ErrorKind::kIo, ErrorKind::kNetwork,
                               ErrorKind::kUnsupported}) {
    const test::Finished child = toy({}, throw_error(kind));
    EXPECT_EQ(child.exit_code, 1);
    EXPECT_EQ(child.err, "winnow-toy: pets/1.jpg: broken; remove it\n");
    EXPECT_EQ(child.out, "");
  }
}

TEST(RunTool, ExitsWithTwoWhenTheToolFindsBadUsage) {
  const test::Finished child = toy({}, throw_error(ErrorKind::kUsage));
  EXPECT_EQ(child.exit_code, 2);
  EXPECT_EQ(child.err, "winnow-toy: pets/1.jpg: broken; remove it\n");
}

TEST(RunTool, SurvivesWhatNobodyExpected) {
  const test::Finished child =
      toy({}, [](const Toy&, ToolContext&) -> Outcome { throw std::logic_error("index out of range"); });
  EXPECT_EQ(child.exit_code, 1);
  EXPECT_THAT(child.err, HasSubstr("internal error: index out of range; please report it"));
}

TEST(RunTool, SaysWhatToDoWhenMemoryRunsOut) {
  const test::Finished child = toy({}, [](const Toy&, ToolContext&) -> Outcome { throw std::bad_alloc(); });
  EXPECT_EQ(child.exit_code, 1);
  EXPECT_THAT(child.err, HasSubstr("out of memory; use fewer --threads"));
}

TEST(RunTool, KeepsTheResultsOfAFailedRun) {
  const test::Finished child = toy({}, [](const Toy&, ToolContext& context) -> Outcome {
    context.out << "one result\n";
    throw Error(ErrorKind::kIo, "", "no more");
  });
  EXPECT_EQ(child.out, "one result\n");
  EXPECT_EQ(child.exit_code, 1);
}

TEST(RunTool, HelpDescribesTheToolAndEveryOption) {
  for (const char* flag : {"--help", "-h"}) {
    const test::Finished child = toy({flag});
    EXPECT_EQ(child.exit_code, 0);
    EXPECT_EQ(child.err, "");
    EXPECT_THAT(child.out, StartsWith("Says things.\n"));
    EXPECT_THAT(child.out, EndsWith("Example: winnow-toy hello\n"));
    for (const char* option : {"--name", "--max-count", "--loud", "-v,--verbose", "-q,--quiet",
                               "--log-format", "--progress", "--threads", "--config", "--version"}) {
      EXPECT_THAT(child.out, HasSubstr(option));
    }
    EXPECT_THAT(test::undescribed_in_help(child.out), IsEmpty());
  }
}

TEST(RunTool, NeedsWhatIsRequiredButNotForHelp) {
  const auto toy_that_needs_words = [](const std::vector<std::string>& arguments) {
    return test::run_in_child([&] { return run_toy(arguments, print_toy, true); });
  };
  expect_bad_usage(toy_that_needs_words({}), "words");
  EXPECT_EQ(toy_that_needs_words({"a"}).exit_code, 0);
  EXPECT_EQ(toy_that_needs_words({"--help"}).exit_code, 0);
  EXPECT_EQ(toy_that_needs_words({"--version"}).exit_code, 0);
}

TEST(RunTool, PrintsItsVersion) {
  const test::Finished child = toy({"--version"});
  EXPECT_EQ(child.exit_code, 0);
  EXPECT_EQ(child.out, "winnow " WINNOW_VERSION "\n");
}

TEST(RunTool, RefusesWhatItDoesNotKnow) {
  expect_bad_usage(toy({"--colour", "red"}), "--colour");
  expect_bad_usage(toy({"-x"}), "-x");
}

TEST(RunTool, RefusesBadValues) {
  expect_bad_usage(toy({"--max-count", "many"}), "--max-count");
  expect_bad_usage(toy({"--max-count", "100"}), "--max-count");
  expect_bad_usage(toy({"--max-count"}), "--max-count");
  expect_bad_usage(toy({"--name"}), "--name");
  expect_bad_usage(toy({"--log-format", "xml"}), "--log-format");
}

TEST(RunTool, RefusesImpossibleNumbersOfThreads) {
  for (const char* threads : {"0", "-1", "1025", "1.5", "all", "99999999999999999999", ""}) {
    expect_bad_usage(toy({"--threads", threads}), "--threads");
  }
}

TEST(RunTool, RefusesAnOptionGivenTwice) {
  expect_bad_usage(toy({"--name", "a", "--name", "b"}), "--name");
}

TEST(RunTool, KeepsHostileArgumentsOffTheTerminal) {
  expect_bad_usage(toy({"--a\x1b[2J\nwinnow-toy: forged"}), "--a?[2J");
}

TEST(RunTool, TellsTheToolItsCommandLineAsAPersonWouldTypeIt) {
  const test::Finished child = toy({"plain-word_1.jpg", "two words", "it's", "", "$HOME", "--name=a b"},
                                   [](const Toy&, ToolContext& context) {
                                     context.out << context.command_line;
                                     return Outcome::kDone;
                                   });
  EXPECT_EQ(child.out, R"(winnow-toy plain-word_1.jpg 'two words' 'it'\''s' '' '$HOME' '--name=a b')");
}

Outcome say_everything(const Toy&, ToolContext& context) {
  context.log.trace("trace");
  context.log.debug("debug");
  context.log.info("info");
  context.log.warn("warn");
  return Outcome::kDone;
}

TEST(RunTool, SaysAsMuchAsIsWanted) {
  EXPECT_EQ(toy({}, say_everything).err, "winnow-toy: info\nwinnow-toy: warn\n");
  EXPECT_EQ(toy({"-q"}, say_everything).err, "winnow-toy: warn\n");
  EXPECT_EQ(toy({"-v"}, say_everything).err, "winnow-toy: debug\nwinnow-toy: info\nwinnow-toy: warn\n");
  EXPECT_EQ(toy({"-vv"}, say_everything).err,
            "winnow-toy: trace\nwinnow-toy: debug\nwinnow-toy: info\nwinnow-toy: warn\n");
}

TEST(RunTool, LogsAsJson) {
  const test::Finished child = toy({"--log-format", "json"}, throw_error(ErrorKind::kIo));
  const Json line = Json::parse(child.err);
  EXPECT_EQ(line.at("level"), "error");
  EXPECT_EQ(line.at("tool"), "winnow-toy");
  EXPECT_EQ(line.at("message"), "pets/1.jpg: broken; remove it");
}

TEST(RunTool, ShowsProgressOnlyWhereItCanBeSeen) {
  const auto mode = [](const Toy&, ToolContext& context) {
    context.out << static_cast<int>(context.terminal.status_mode());
    return Outcome::kDone;
  };
  EXPECT_EQ(toy({}, mode).out, std::to_string(static_cast<int>(Terminal::Status::kOff)));
  EXPECT_EQ(toy({"--progress"}, mode).out, std::to_string(static_cast<int>(Terminal::Status::kLines)));
  EXPECT_EQ(toy({"-q"}, mode).out, std::to_string(static_cast<int>(Terminal::Status::kOff)));
}

TEST(Environment, SetsOptions) {
  const test::Finished child = toy_in({{"WINNOW_TOY_NAME", "Eve"},
                                       {"WINNOW_TOY_MAX_COUNT", "7"},
                                       {"WINNOW_TOY_LOUD", "1"},
                                       {"WINNOW_TOY_THREADS", "2"}},
                                      {});
  EXPECT_EQ(child.out, "name=Eve count=7 loud=1 words= threads=2\n");
}

TEST(Environment, TakesFlagsByTruth) {
  EXPECT_THAT(toy_in({{"WINNOW_TOY_LOUD", "true"}}, {}).out, HasSubstr("loud=1"));
  EXPECT_THAT(toy_in({{"WINNOW_TOY_LOUD", "false"}}, {}).out, HasSubstr("loud=0"));
  EXPECT_THAT(toy_in({{"WINNOW_TOY_LOUD", "0"}}, {}).out, HasSubstr("loud=0"));
  EXPECT_THAT(toy_in({{"WINNOW_TOY_LOUD", ""}}, {}).out, HasSubstr("loud=0"));
}

TEST(Environment, SetsTheCommonOptionsToo) {
  EXPECT_EQ(toy_in({{"WINNOW_TOY_QUIET", "1"}}, {}, say_everything).err, "winnow-toy: warn\n");
  EXPECT_THAT(toy_in({{"WINNOW_TOY_VERBOSE", "2"}}, {}, say_everything).err,
              HasSubstr("winnow-toy: trace\n"));
  EXPECT_THAT(toy_in({{"WINNOW_TOY_LOG_FORMAT", "json"}}, {}, say_everything).err, StartsWith("{"));
}

TEST(Environment, GivesWayToTheCommandLine) {
  EXPECT_THAT(toy_in({{"WINNOW_TOY_NAME", "Eve"}}, {"-n", "Ann"}).out, HasSubstr("name=Ann"));
}

TEST(Environment, IsCheckedLikeTheCommandLine) {
  expect_bad_usage(toy_in({{"WINNOW_TOY_MAX_COUNT", "many"}}, {}), "--max-count");
  expect_bad_usage(toy_in({{"WINNOW_TOY_THREADS", "0"}}, {}), "--threads");
}

TEST(Environment, NamesOtherToolsInVain) {
  EXPECT_THAT(toy_in({{"WINNOW_TRAIN_NAME", "Eve"}}, {}).out, HasSubstr("name=nobody"));
}

// Runs with this configuration file.
test::Finished toy_with_file(std::string_view content, std::vector<std::string> arguments = {},
                             const std::map<std::string, std::string>& environment = {}) {
  const test::TemporaryFolder folder;
  arguments.push_back("--config");
  arguments.push_back(folder.write("toy.toml", content).string());
  return toy_in(environment, arguments);
}

TEST(ConfigFile, SetsOptions) {
  const test::Finished child = toy_with_file(
      "# a comment\nname = \"Bob the first\"\nmax-count = 9\nloud = true\nthreads = 2\nwords = [\"a\", "
      "\"b\"]\n");
  EXPECT_EQ(child.exit_code, 0) << child.err;
  EXPECT_EQ(child.out, "name=Bob the first count=9 loud=1 words=a/b/ threads=2\n");
}

TEST(ConfigFile, GivesWayToTheCommandLine) {
  EXPECT_THAT(toy_with_file("name = \"Bob\"\n", {"--name", "Ann"}).out, HasSubstr("name=Ann"));
}

TEST(ConfigFile, GivesWayToTheEnvironment) {
  EXPECT_THAT(toy_with_file("name = \"Bob\"\n", {}, {{"WINNOW_TOY_NAME", "Eve"}}).out, HasSubstr("name=Eve"));
  EXPECT_THAT(toy_with_file("n = \"Bob\"\n", {}, {{"WINNOW_TOY_NAME", "Eve"}}).out, HasSubstr("name=Eve"));
  EXPECT_THAT(toy_with_file("loud = true\n", {}, {{"WINNOW_TOY_LOUD", "0"}}).out, HasSubstr("loud=0"));
}

TEST(ConfigFile, StandsWhereTheEnvironmentIsSilent) {
  EXPECT_THAT(toy_with_file("name = \"Bob\"\n", {}, {{"WINNOW_TOY_MAX_COUNT", "7"}}).out,
              StartsWith("name=Bob count=7 "));
  EXPECT_THAT(toy_with_file("name = \"Bob\"\n", {}, {{"WINNOW_TOY_NAME", ""}}).out, HasSubstr("name=Bob"));
}

TEST(ConfigFile, MayNotHoldWhatIsUnknown) {
  expect_bad_usage(toy_with_file("colour = \"red\"\n"), "colour");
}

TEST(ConfigFile, IsCheckedLikeTheCommandLine) {
  expect_bad_usage(toy_with_file("max-count = 100\n"), "--max-count");
  expect_bad_usage(toy_with_file("max-count = \"many\"\n"), "--max-count");
  expect_bad_usage(toy_with_file("threads = 0\n"), "--threads");
}

TEST(ConfigFile, MustBeThere) {
  expect_bad_usage(toy({"--config", "/nowhere/toy.toml"}), "/nowhere/toy.toml");
}

// Runs with standard output on a descriptor of the test's choice.
test::Finished toy_onto(const std::function<int()>& open_output, std::size_t bytes) {
  return test::run_in_child([&] {
    ::dup2(open_output(), 1);
    return run_toy({}, [bytes](const Toy&, ToolContext& context) {
      context.out << std::string(bytes, 'x');
      return Outcome::kDone;
    });
  });
}

int closed_pipe() {
  int ends[2];
  if (::pipe(ends) != 0) return -1;
  ::close(ends[0]);
  return ends[1];
}

TEST(RunTool, EndsAsByASignalWhenNobodyReadsItsResults) {
  for (const std::size_t bytes : {std::size_t{10}, std::size_t{10'000'000}}) {
    const test::Finished child = toy_onto(closed_pipe, bytes);
    EXPECT_EQ(child.exit_code, 128 + SIGPIPE) << bytes;
    EXPECT_EQ(child.err, "");
  }
}

TEST(RunTool, FailsWhenItsResultsCannotBeWritten) {
  for (const std::size_t bytes : {std::size_t{10}, std::size_t{10'000'000}}) {
    const test::Finished child = toy_onto([] { return ::open("/dev/full", O_WRONLY); }, bytes);
    EXPECT_EQ(child.exit_code, 1) << bytes;
    EXPECT_THAT(child.err, HasSubstr("standard output: cannot write the results; is the disk full?"));
  }
}

// Says that it is there, and works until it is stopped.
Outcome work_until_stopped(const Toy&, ToolContext& context) {
  context.out << "half of the results\n";
  context.log.info("ready");
  while (true) {
    throw_if_stopped(context.stop);
    std::this_thread::sleep_for(1ms);
  }
}

test::Finished stop_toy_by(int number) {
  test::Process child([] { return run_toy({}, work_until_stopped); });
  child.wait_for_err("ready");
  child.signal(number);
  return child.wait(20s);
}

TEST(RunTool, StopsGracefullyAndExitsWithTheSignal) {
  for (const int number : {SIGTERM, SIGINT}) {
    const test::Finished child = stop_toy_by(number);
    EXPECT_EQ(child.exit_code, 128 + number);
    EXPECT_THAT(child.err, HasSubstr("winnow-toy: stopped by signal " + std::to_string(number) + "\n"));
    EXPECT_EQ(child.out, "half of the results\n");
  }
}

TEST(RunTool, EndsAtOnceAtTheSecondSignal) {
  test::Process child([] {
    return run_toy({}, [](const Toy&, ToolContext& context) -> Outcome {
      context.log.info("ready");
      while (!context.stop.stop_requested()) std::this_thread::sleep_for(1ms);
      context.log.info("not listening");
      while (true) std::this_thread::sleep_for(1ms);
    });
  });
  child.wait_for_err("ready");
  child.signal(SIGTERM);
  child.wait_for_err("not listening");
  child.signal(SIGINT);
  EXPECT_EQ(child.wait(20s).exit_code, 128 + SIGINT);
}

TEST(RunTool, IsDoneWhenTheWorkWasDoneBeforeTheStop) {
  test::Process child([] {
    return run_toy({}, [](const Toy&, ToolContext& context) {
      context.log.info("ready");
      while (!context.stop.stop_requested()) std::this_thread::sleep_for(1ms);
      return Outcome::kDone;
    });
  });
  child.wait_for_err("ready");
  child.signal(SIGTERM);
  EXPECT_EQ(child.wait(20s).exit_code, 0);
}

TEST(UndescribedOptions, FindsThem) {
  int value = 0;
  const auto options = [&](CLI::App& app) {
    app.add_option("--good", value, "Does good");
    app.add_option("--bad", value);
  };
  EXPECT_THAT(test::undescribed_options(options), testing::ElementsAre("--bad"));
  EXPECT_THAT(test::undescribed_in_help("Options:\n  --good INT   Does good\n  --bad INT\n"
                                        "  --a-rather-long-name INT\n                     Does good too\n"),
              testing::ElementsAre("--bad INT"));
}

}  // namespace
}  // namespace winnow::cli
