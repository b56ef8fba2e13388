#include "child_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "winnow/core/error.hpp"

namespace winnow::doctor {
namespace {

using testing::HasSubstr;

ChildResult run(const std::string& script, std::chrono::seconds limit = std::chrono::seconds(30)) {
  return run_child({"/bin/sh", "-c", script}, limit, {});
}

TEST(ChildProcess, KeepsWhatAProgramSays) {
  const ChildResult result = run("echo out; echo err >&2; cat; exit 3");
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err\n");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(describe_failure(result), "err");
  EXPECT_EQ(describe_failure(run("exit 0")), "");
  EXPECT_EQ(describe_failure(run("exit 4")), "ended with exit code 4");
}

TEST(ChildProcess, KeepsNoMoreThanAMegabyte) {
  const ChildResult result = run("head -c 5000000 /dev/zero");
  EXPECT_EQ(result.out.size(), 1'000'000U);
  EXPECT_EQ(result.exit_code, 0);
}

TEST(ChildProcess, TellsOfSignals) {
  EXPECT_THAT(describe_failure(run("kill -KILL $$")), HasSubstr("no memory left"));
  EXPECT_THAT(describe_failure(run("kill -ILL $$")), HasSubstr("instruction that this processor"));
  EXPECT_EQ(describe_failure(run("kill -SEGV $$")), "was ended by signal 11");
}

TEST(ChildProcess, IsEndedWhenItTakesTooLong) {
  const ChildResult result = run("sleep 60", std::chrono::seconds(0));
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(describe_failure(result), "did not come to an end");
}

TEST(ChildProcess, IsEndedByAStop) {
  std::stop_source source;
  source.request_stop();
  EXPECT_THROW((void)run_child({"/bin/sleep", "60"}, std::chrono::seconds(60), source.get_token()), Error);
}

TEST(ChildProcess, ThatIsNotThere) {
  EXPECT_THAT(describe_failure(run_child({"/no/such/program"}, std::chrono::seconds(5), {})),
              HasSubstr("No such file"));
}

}  // namespace
}  // namespace winnow::doctor
