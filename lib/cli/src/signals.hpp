#pragma once

#include <atomic>
#include <stop_token>
#include <thread>

namespace winnow::cli {

// Turns SIGINT and SIGTERM into a stop request, from an ordinary thread, so that everything may be called in
// reaction to it. A second signal ends the process with 128+signal. SIGPIPE is ignored: writes report it.
class Signals {
 public:
  Signals();  // before any other thread is started
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  [[nodiscard]] std::stop_token stop_token() const { return source_.get_token(); }
  // The first signal received, or 0.
  [[nodiscard]] int received() const { return received_; }

 private:
  std::stop_source source_;
  std::atomic<int> received_ = 0;
  std::jthread waiter_;
};

}  // namespace winnow::cli
