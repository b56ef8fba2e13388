#pragma once

#include <fcntl.h>
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
    ::fcntl(person_, F_SETFL, O_NONBLOCK);
  }
  ~PseudoTerminal() {
    ::close(program_);
    ::close(person_);
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  [[nodiscard]] int descriptor() const { return program_; }
  // What has come since the last call.
  [[nodiscard]] std::string received() const {
    char part[8192];
    const ssize_t count = ::read(person_, part, sizeof part);
    return count > 0 ? std::string(part, static_cast<std::size_t>(count)) : std::string();
  }

 private:
  int person_ = -1;
  int program_ = -1;
};

}  // namespace winnow::test
