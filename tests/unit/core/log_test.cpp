#include "winnow/core/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/recording_context.hpp"
#include "winnow/core/json.hpp"
#include "winnow/core/text.hpp"

namespace winnow {
namespace {

using testing::MatchesRegex;

struct Log {
  explicit Log(LogFormat format, spdlog::level::level_enum level = spdlog::level::info)
      : logger(make_logger("winnow-toy", terminal, format, level)) {}
  [[nodiscard]] std::string text() const { return file.text(); }
  // The only line, as JSON.
  [[nodiscard]] Json json() const {
    const std::string line = text();
    EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
    return Json::parse(line);
  }

  test::MemoryFile file;
  Terminal terminal{file.descriptor()};
  std::shared_ptr<Logger> logger;
};

TEST(Logger, SaysWhichToolSpeaks) {
  const Log log(LogFormat::kText);
  log.logger->info("read {} images", 3);
  log.logger->error("failed");
  EXPECT_EQ(log.text(), "winnow-toy: read 3 images\nwinnow-toy: failed\n");
}

TEST(Logger, KeepsForeignTextOnOneHarmlessLine) {
  const Log log(LogFormat::kText);
  log.logger->info("{}", "a\nwinnow-toy: forged\x1b[2J");
  EXPECT_EQ(log.text(), "winnow-toy: a?winnow-toy: forged?[2J\n");
}

TEST(Logger, LeavesOutWhatIsBelowItsLevel) {
  const Log log(LogFormat::kText, spdlog::level::warn);
  log.logger->info("quiet");
  log.logger->warn("loud");
  EXPECT_EQ(log.text(), "winnow-toy: loud\n");
}

TEST(JsonLogger, WritesOneObjectALine) {
  const Log log(LogFormat::kJson);
  log.logger->warn("disk is nearly full");
  const Json json = log.json();
  EXPECT_EQ(json.at("level"), "warning");
  EXPECT_EQ(json.at("tool"), "winnow-toy");
  EXPECT_EQ(json.at("message"), "disk is nearly full");
  EXPECT_THAT(json.at("time").get<std::string>(), MatchesRegex("20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-9:]{8}Z"));
}

TEST(JsonLogger, EscapesWhatWouldBreakTheLine) {
  const Log log(LogFormat::kJson);
  const std::string hostile = "a\"b\\c\nd\x1b[2J\x01";
  log.logger->info("{}", hostile);
  EXPECT_EQ(log.json().at("message"), hostile);
}

TEST(JsonLogger, StaysUtf8) {
  const Log log(LogFormat::kJson);
  log.logger->info("{}", "caf\xe9.jpg");
  EXPECT_EQ(log.json().at("message"), "caf\xef\xbf\xbd.jpg");
}

}  // namespace
}  // namespace winnow
