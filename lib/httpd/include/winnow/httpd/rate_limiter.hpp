#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

namespace winnow::httpd {

// A token bucket for each client, kept as the one time at which it will be full again (the generic cell rate
// algorithm, ITU-T I.371). Of clients whose buckets are full nothing is kept. Thread-safe.
class RateLimiter {
 public:
  using Clock = std::chrono::steady_clock;

  struct Verdict {
    bool allowed = true;
    std::size_t remaining = 0;           // requests that may come at once
    std::chrono::seconds full_in{};      // until the bucket is full again, rounded up
    std::chrono::seconds retry_after{};  // until the next request is allowed, rounded up; 0 if it is
  };

  // per_second > 0: how fast buckets fill. burst > 0: how much they hold. clients: of how many something is
  // kept; beyond it the one that was quiet longest is forgotten.
  RateLimiter(double per_second, std::size_t burst, std::size_t clients = 1 << 16);

  // Takes one token, if there is one.
  Verdict take(const std::string& client, Clock::time_point now = Clock::now());
  // The same without taking.
  [[nodiscard]] Verdict look(const std::string& client, Clock::time_point now = Clock::now()) const;

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::size_t burst() const { return burst_; }
  // Seconds in which an empty bucket fills, rounded up.
  [[nodiscard]] std::chrono::seconds window() const;

 private:
  struct Bucket {
    std::string client;
    Clock::time_point full_at;
  };
  [[nodiscard]] Verdict judge(Clock::time_point full_at, Clock::time_point now) const;
  void forget_full(Clock::time_point now);

  const Clock::duration interval_;  // in which one token comes
  const std::size_t burst_;
  const std::size_t clients_;
  mutable std::mutex mutex_;   // for both
  std::list<Bucket> buckets_;  // the one that was quiet longest first
  std::unordered_map<std::string, std::list<Bucket>::iterator> by_client_;
};

}  // namespace winnow::httpd
