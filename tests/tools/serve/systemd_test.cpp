// What systemd itself makes of deploy/systemd.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "support/built.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace winnow::test {
namespace {

constexpr const char* kAnalyze = "/usr/bin/systemd-analyze";

class ServeUnderSystemd : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kAnalyze))
      GTEST_SKIP() << "systemd-analyze is not installed; scripts/setup.sh installs it";
    for (const char* name : {"winnow-serve.service", "winnow-serve.socket"}) {
      std::string unit = read_text(deployment("systemd") / name);
      const std::string installed = "/usr/bin/winnow-serve";
      for (std::size_t at = 0; (at = unit.find(installed, at)) != std::string::npos; ++at) {
        unit.replace(at, installed.size(), (built_programs() / "winnow-serve").string());
      }
      folder_.write(name, unit);
    }
  }

  // To the end of the service.
  void add(const std::string& line) const {
    std::string unit = read_text(folder_ / "winnow-serve.service");
    unit.insert(unit.find("[Install]"), line + "\n");
    folder_.write("winnow-serve.service", unit);
  }

  [[nodiscard]] Finished analyze(const std::vector<std::string>& words) const {
    std::vector<std::string> command = {kAnalyze, "--no-pager"};
    command.insert(command.end(), words.begin(), words.end());
    return run(command, folder_.path());
  }

  TemporaryFolder folder_;
};

TEST_F(ServeUnderSystemd, UnitsAreWellFormed) {
  const std::vector<std::string> words = {"verify", "./winnow-serve.service", "./winnow-serve.socket"};
  const Finished result = analyze(words);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, testing::Not(testing::HasSubstr("winnow-serve")));
  add("ProtectEverything=yes");
  EXPECT_THAT(analyze(words).err, testing::HasSubstr("ProtectEverything")) << "the check finds what is wrong";
}

// The scale goes from 0, nothing is exposed, to 10, everything is; below 2 is called OK. The number is ten
// times that.
TEST_F(ServeUnderSystemd, ServiceExposesLittle) {
  const std::vector<std::string> words = {"security", "--offline=true", "--threshold=15",
                                          "./winnow-serve.service"};
  const Finished result = analyze(words);
  EXPECT_EQ(result.exit_code, 0) << result.out;
  add("PrivateUsers=no\nRestrictNamespaces=no\nSystemCallFilter=");
  EXPECT_NE(analyze(words).exit_code, 0) << "the check finds what is open";
}

}  // namespace
}  // namespace winnow::test
