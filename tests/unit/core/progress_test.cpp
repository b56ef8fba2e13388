#include "winnow/core/progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "support/recording_context.hpp"
#include "unit/core/pseudo_terminal.hpp"
#include "winnow/core/json.hpp"
#include "winnow/core/text.hpp"

namespace winnow {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kErase = "\r\x1b[K";

TEST(Progress, IsSilentWhereProgressIsOff) {
  const test::MemoryFile file;
  Terminal terminal(file.descriptor());
  {
    Progress progress(terminal, "reading", 3);
    progress.advance(3);
  }
  EXPECT_EQ(file.text(), "");
}

TEST(Progress, ShowsWhatIsDoneAndHowMuchThereIs) {
  const test::PseudoTerminal tty(120);
  Terminal terminal(tty.descriptor());
  Progress progress(terminal, "reading", 40);
  EXPECT_THAT(tty.received(), HasSubstr("reading    "));
  progress.set_note("loss 0.412");
  progress.advance(10);
  const std::string line = tty.received();
  EXPECT_THAT(line, StartsWith(std::string(kErase) + "reading    ━━━━━━"));
  EXPECT_THAT(line, HasSubstr("  10/40  "));
  EXPECT_THAT(line, HasSubstr(" left  loss 0.412"));
}

TEST(Progress, DisappearsAtTheEnd) {
  const test::PseudoTerminal tty(120);
  Terminal terminal(tty.descriptor());
  { const Progress progress(terminal, "reading", 40); }
  EXPECT_THAT(tty.received(), EndsWith(kErase));
}

TEST(Progress, NeverWrapsTheLine) {
  const test::PseudoTerminal tty(30);
  Terminal terminal(tty.descriptor());
  Progress progress(terminal, "reading", 40);
  progress.set_note("été été été été été été été");
  (void)tty.received();
  progress.advance(39);
  std::string line = tty.received();
  ASSERT_THAT(line, StartsWith(kErase));
  line.erase(0, std::string_view(kErase).size());
  EXPECT_EQ(display_width(line), 29u);
  EXPECT_EQ(Json::parse(to_line(Json(line))), line) << "a character was cut in two";
}

TEST(Progress, CountsWithoutATotal) {
  const test::PseudoTerminal tty(120);
  Terminal terminal(tty.descriptor());
  Progress progress(terminal, "reading", 0);
  (void)tty.received();
  progress.advance(7);
  EXPECT_THAT(tty.received(), HasSubstr("reading    7"));
}

TEST(Progress, SaysNothingOfTheTimeLeftWhenAllIsDone) {
  const test::PseudoTerminal tty(120);
  Terminal terminal(tty.descriptor());
  Progress progress(terminal, "reading", 5);
  (void)tty.received();
  progress.advance(5);
  EXPECT_THAT(tty.received(), Not(HasSubstr("left")));
}

TEST(Progress, LeavesOneLineInALog) {
  const test::MemoryFile file;
  Terminal terminal(file.descriptor());
  terminal.set_status_mode(Terminal::Status::kLines);
  {
    Progress progress(terminal, "reading", 7);
    for (int i = 0; i < 6; ++i) progress.advance();
  }
  EXPECT_THAT(file.text(), HasSubstr("  6/7  "));
  EXPECT_THAT(file.text(), EndsWith("\n"));
  EXPECT_EQ(split(file.text(), '\n').size(), 2u);
}

TEST(Progress, CountsWhatManyThreadsDo) {
  const test::MemoryFile file;
  Terminal terminal(file.descriptor());
  terminal.set_status_mode(Terminal::Status::kLines);
  {
    Progress progress(terminal, "reading", 4000);
    std::vector<std::jthread> workers;
    for (int w = 0; w < 4; ++w) {
      workers.emplace_back([&progress] {
        for (int i = 0; i < 1000; ++i) progress.advance();
      });
    }
  }
  EXPECT_THAT(file.text(), HasSubstr("  4000/4000  "));
}

}  // namespace
}  // namespace winnow
