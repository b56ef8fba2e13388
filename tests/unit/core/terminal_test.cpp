#include "winnow/core/terminal.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "support/recording_context.hpp"
#include "unit/core/pseudo_terminal.hpp"

namespace winnow {
namespace {

TEST(Terminal, OnAFileWritesPlainLinesAndNoStatus) {
  const test::MemoryFile file;
  {
    Terminal terminal(file.descriptor());
    EXPECT_FALSE(terminal.is_tty());
    EXPECT_EQ(terminal.status_mode(), Terminal::Status::kOff);
    terminal.set_status("busy");
    terminal.print_line("a line");
  }
  EXPECT_EQ(file.text(), "a line\n");
}

TEST(Terminal, OnATerminalShowsTheStatusByItself) {
  const test::PseudoTerminal tty(100);
  const Terminal terminal(tty.descriptor());
  EXPECT_TRUE(terminal.is_tty());
  EXPECT_EQ(terminal.status_mode(), Terminal::Status::kLive);
  EXPECT_EQ(terminal.columns(), 100);
}

TEST(Terminal, HasEightyColumnsWhereNobodyKnows) {
  const test::MemoryFile file;
  EXPECT_EQ(Terminal(file.descriptor()).columns(), 80);
}

TEST(Terminal, ErasesTheStatusBeforeALineAndDrawsItAgainBelow) {
  const test::MemoryFile file;
  Terminal terminal(file.descriptor());
  terminal.set_status_mode(Terminal::Status::kLive);
  terminal.set_status("busy");
  terminal.print_line("a line");
  EXPECT_EQ(file.text(), "\r\x1b[Kbusy\r\x1b[Ka line\nbusy");
}

TEST(Terminal, WritesALineWithoutAStatusAsItIs) {
  const test::MemoryFile file;
  Terminal terminal(file.descriptor());
  terminal.set_status_mode(Terminal::Status::kLive);
  terminal.print_line("a line");
  EXPECT_EQ(file.text(), "a line\n");
}

TEST(Terminal, DrawsAnUnchangedStatusOnce) {
  const test::MemoryFile file;
  Terminal terminal(file.descriptor());
  terminal.set_status_mode(Terminal::Status::kLive);
  terminal.set_status("busy");
  terminal.set_status("busy");
  EXPECT_EQ(file.text(), "\r\x1b[Kbusy");
}

TEST(Terminal, LeavesNoStatusBehind) {
  const test::MemoryFile file;
  {
    Terminal terminal(file.descriptor());
    terminal.set_status_mode(Terminal::Status::kLive);
    terminal.set_status("busy");
  }
  EXPECT_EQ(file.text(), "\r\x1b[Kbusy\r\x1b[K");
}

TEST(Terminal, PrintsTheStatusAsLinesForALog) {
  const test::MemoryFile file;
  {
    Terminal terminal(file.descriptor());
    terminal.set_status_mode(Terminal::Status::kLines);
    terminal.set_status("10 of 20");
    terminal.print_line("a line");
    terminal.set_status("20 of 20");
    terminal.set_status("");
  }
  EXPECT_EQ(file.text(), "10 of 20\na line\n20 of 20\n");
}

TEST(Terminal, KeepsLinesOfManyThreadsWhole) {
  const test::MemoryFile file;
  Terminal terminal(file.descriptor());
  {
    std::vector<std::jthread> writers;
    for (int w = 0; w < 4; ++w) {
      writers.emplace_back([&terminal] {
        for (int i = 0; i < 50; ++i) terminal.print_line("0123456789");
      });
    }
  }
  std::string expected;
  for (int i = 0; i < 200; ++i) expected += "0123456789\n";
  EXPECT_EQ(file.text(), expected);
}

TEST(Terminal, GoesOnWhenNobodyReads) {
  ::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  {
    Terminal terminal(ends[1]);
    terminal.set_status_mode(Terminal::Status::kLive);
    terminal.print_line("a line");
    terminal.set_status("busy");
  }
  ::close(ends[1]);
  ::signal(SIGPIPE, SIG_DFL);
}

}  // namespace
}  // namespace winnow
