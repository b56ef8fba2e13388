#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/process.hpp"

namespace winnow {
namespace {

using test::Finished;
using testing::HasSubstr;
using testing::StartsWith;

TEST(FrontDoor, ListsTheTools) {
  const Finished result = test::run({"winnow", "--help"});
  EXPECT_EQ(result.exit_code, 0);
  for (const char* tool : {"scrape", "curate", "train", "export", "classify", "serve", "doctor"}) {
    EXPECT_THAT(result.out, HasSubstr(std::string("  ") + tool));
  }
}

TEST(FrontDoor, WithoutAToolShowsHelpAndFails) {
  const Finished result = test::run({"winnow"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.out, StartsWith("From a few words"));
}

TEST(FrontDoor, RunsTheToolWithItsArguments) {
  const Finished direct = test::run({"winnow-curate", "--help"});
  const Finished through = test::run({"winnow", "curate", "--help"});
  EXPECT_EQ(through.exit_code, 0);
  EXPECT_EQ(through.out, direct.out);
  EXPECT_EQ(test::run({"winnow", "curate", "--no-such-option"}).exit_code, 2);
}

TEST(FrontDoor, EveryToolItListsIsThere) {
  for (const char* tool : {"scrape", "curate", "train", "export", "classify", "serve", "doctor"}) {
    EXPECT_EQ(test::run({"winnow", tool, "--help"}).exit_code, 0) << tool;
  }
}

TEST(FrontDoor, RefusesWhatIsNoTool) {
  for (const char* name : {"dance", "../curate", "/bin/true", "-x", ""}) {
    const Finished result = test::run({"winnow", name});
    EXPECT_EQ(result.exit_code, 2) << name;
    EXPECT_THAT(result.err, HasSubstr("no such tool; see winnow --help\n"));
  }
}

TEST(FrontDoor, KnowsItsVersion) {
  EXPECT_EQ(test::run({"winnow", "--version"}).out, "winnow " WINNOW_VERSION "\n");
}

}  // namespace
}  // namespace winnow
