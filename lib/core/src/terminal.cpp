#include "winnow/core/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include "winnow/core/file.hpp"

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
  (void)write_all(descriptor_, as_bytes(text));  // if nobody is reading, the work goes on
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
