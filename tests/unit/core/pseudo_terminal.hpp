#pragma once

#include <pty.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace winnow::test {

// A terminal of a given width, and what a person sitting before it has been sent. Holds a few kilobytes.
class PseudoTerminal {
 public:
  explicit PseudoTerminal(unsigned short columns) {
    const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    termios plain{};
    ::cfmakeraw(&plain);
    if (::openpty(&person_, &program_, nullptr, &plain, &size) != 0) std::abort();
  }
  ~PseudoTerminal() {
    ::close(program_);
    ::close(person_);
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  [[nodiscard]] int descriptor() const { return program_; }
  // What has come since the last call. The kernel hands it over in its own time, so a mark is sent after it
  // and waited for.
  [[nodiscard]] std::string received() const {
    constexpr char kMark = '\x01';
    if (::write(program_, &kMark, 1) != 1) std::abort();
    std::string text;
    while (text.empty() || text.back() != kMark) {
      char part[8192];
      const ssize_t count = ::read(person_, part, sizeof part);
      if (count <= 0) std::abort();
      text.append(part, static_cast<std::size_t>(count));
    }
    text.pop_back();
    return text;
  }

 private:
  int person_ = -1;
  int program_ = -1;
};

}  // namespace winnow::test
