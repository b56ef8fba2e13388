#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace winnow::jobs {

// Something has happened, for whoever waits for it. Thread-safe.
class Notification {
 public:
  void raise() {
    {
      const std::lock_guard lock(mutex_);
      ++count_;
    }
    raised_.notify_all();
  }

  std::uint64_t wait(std::uint64_t seen, std::chrono::milliseconds time, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    raised_.wait_for(lock, stop, time, [&] { return count_ > seen; });
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any raised_;
  std::uint64_t count_ = 0;
};

}  // namespace winnow::jobs
