#include "winnow/core/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

namespace winnow {
namespace {
constexpr std::string_view kEraseLine = "\r\x1b[K";
}

Terminal::Terminal(int descriptor)
    : descriptor_(descriptor),
      is_tty_(::isatty(descriptor) == 1),
      status_mode_(is_tty_ ? Status::kLive : Status::kOff) {}

int Terminal::columns() const {
  winsize size{};
  return ::ioctl(descriptor_, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void Terminal::write(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor_, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;  // nobody is reading; the work goes on
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

void Terminal::print_line(std::string_view line) {
  const std::lock_guard lock(mutex_);
  std::string text;
  if (!status_.empty()) text += kEraseLine;
  text += line;
  text += '\n';
  text += status_;
  write(text);
}

void Terminal::set_status(std::string_view status) {
  const std::lock_guard lock(mutex_);
  if (status_mode_ == Status::kLines) {
    if (!status.empty()) write(std::string(status) + '\n');
  } else if (status_mode_ == Status::kLive && status != status_) {
    write(std::string(kEraseLine) + std::string(status));
    status_ = status;
  }
}

}  // namespace winnow
