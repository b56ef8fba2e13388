#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

#include "winnow/core/terminal.hpp"

namespace winnow {

// A progress bar for as long as the object lives: "embedding  ━━━━━╸   412/542  183/s  0:01 left".
// total 0 means unknown. Thread-safe.
class Progress {
 public:
  Progress(Terminal& terminal, std::string what, std::uint64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::uint64_t count = 1);
  // Shown at the end of the line, for example "loss 0.412".
  void set_note(std::string note);

 private:
  using Clock = std::chrono::steady_clock;
  void draw(Clock::time_point now);

  Terminal& terminal_;
  const std::string what_;
  const Clock::time_point start_ = Clock::now();
  const std::uint64_t total_;
  std::atomic<std::uint64_t> done_ = 0;
  std::atomic<std::int64_t> next_draw_ns_ = 0;
  std::mutex mutex_;
  std::string note_;
};

}  // namespace winnow
