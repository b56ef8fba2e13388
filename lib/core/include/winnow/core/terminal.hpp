#pragma once

#include <mutex>
#include <string>
#include <string_view>

namespace winnow {

// The person's view of a run, on stderr: finished lines, and below them at most one status line that is
// redrawn in place. Thread-safe.
class Terminal {
 public:
  enum class Status {
    kOff,    // no progress
    kLive,   // one line, redrawn
    kLines,  // a plain line now and then, for logs
  };

  explicit Terminal(int descriptor = 2);
  ~Terminal() { set_status(""); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  [[nodiscard]] Status status_mode() const { return status_mode_; }
  void set_status_mode(Status mode) { status_mode_ = mode; }
  [[nodiscard]] bool is_tty() const { return is_tty_; }
  [[nodiscard]] int columns() const;

  void print_line(std::string_view line);
  // Replaces the status line; empty removes it. With kLines it is printed as a line of its own.
  void set_status(std::string_view status);

 private:
  void write(std::string_view text) const;

  const int descriptor_;
  const bool is_tty_;
  Status status_mode_;
  std::mutex mutex_;
  std::string status_;
};

}  // namespace winnow
