#include "winnow/core/progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "winnow/core/text.hpp"

namespace winnow {
namespace {

using namespace std::chrono_literals;

constexpr int kBarColumns = 24;

std::string draw_bar(double fraction) {
  const int halves = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * kBarColumns * 2);
  std::string bar;
  for (int i = 0; i < kBarColumns; ++i) {
    bar += i * 2 + 1 < halves ? "━" : i * 2 < halves ? "╸" : " ";
  }
  return bar;
}

}  // namespace

Progress::Progress(Terminal& terminal, std::string what, std::uint64_t total)
    : terminal_(terminal), what_(std::move(what)), total_(total) {
  if (terminal_.status_mode() == Terminal::Status::kLive) draw(start_);
}

Progress::~Progress() {
  if (terminal_.status_mode() == Terminal::Status::kLines) draw(Clock::now());
  terminal_.set_status("");
}

void Progress::advance(std::uint64_t count) {
  done_ += count;
  if (terminal_.status_mode() == Terminal::Status::kOff) return;
  const Clock::time_point now = Clock::now();
  const std::int64_t elapsed = (now - start_).count();
  std::int64_t due = next_draw_ns_.load();
  const std::chrono::nanoseconds interval =
      terminal_.status_mode() == Terminal::Status::kLive ? std::chrono::nanoseconds(100ms) : 5s;
  if (due == 0 && interval == 5s) due = std::chrono::nanoseconds(5s).count();
  if (elapsed < due || !next_draw_ns_.compare_exchange_strong(due, elapsed + interval.count())) {
    if (elapsed < due) return;
    next_draw_ns_.store(elapsed + interval.count());
  }
  draw(now);
}

void Progress::set_note(std::string note) {
  const std::lock_guard lock(mutex_);
  note_ = std::move(note);
}

void Progress::draw(Clock::time_point now) {
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const std::uint64_t done = done_;
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string line = fmt::format("{:<11}", what_);
  if (total_ > 0) {
    line += fmt::format("{}  {}/{}", draw_bar(static_cast<double>(done) / static_cast<double>(total_)), done,
                        total_);
  } else {
    line += fmt::format("{}", done);
  }
  if (rate > 0) line += rate >= 10 ? fmt::format("  {:.0f}/s", rate) : fmt::format("  {:.1f}/s", rate);
  if (total_ > done && rate > 0) {
    line +=
        "  " +
        format_duration(std::chrono::seconds(static_cast<long>(static_cast<double>(total_ - done) / rate))) +
        " left";
  }
  {
    const std::lock_guard lock(mutex_);
    if (!note_.empty()) line += "  " + note_;
  }
  if (terminal_.status_mode() == Terminal::Status::kLive) {
    // A line that wraps could not be erased.
    const auto room = static_cast<std::size_t>(std::max(20, terminal_.columns() - 1));
    while (display_width(line) > room) line.pop_back();
  }
  terminal_.set_status(line);
}

}  // namespace winnow
