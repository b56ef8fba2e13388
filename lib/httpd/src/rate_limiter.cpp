#include "winnow/httpd/rate_limiter.hpp"

#include <algorithm>
#include <cmath>

namespace winnow::httpd {
namespace {

using Seconds = std::chrono::seconds;
using Clock = RateLimiter::Clock;

Seconds rounded_up(Clock::duration time) {
  return std::max(Seconds(0), std::chrono::ceil<Seconds>(time));
}

}  // namespace

RateLimiter::RateLimiter(double per_second, std::size_t burst, std::size_t clients)
    : interval_(std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / per_second))),
      burst_(burst),
      clients_(clients) {}

RateLimiter::Verdict RateLimiter::judge(Clock::time_point full_at, Clock::time_point now) const {
  const Clock::duration missing = std::max(Clock::duration(0), full_at - now);
  const auto used = static_cast<std::size_t>((missing + interval_ - Clock::duration(1)) / interval_);
  Verdict verdict;
  verdict.remaining = used < burst_ ? burst_ - used : 0;
  verdict.allowed = verdict.remaining > 0;
  verdict.full_in = rounded_up(missing);
  const Clock::duration allowed_missing = interval_ * static_cast<Clock::rep>(burst_ - 1);
  verdict.retry_after =
      verdict.allowed ? Seconds(0) : std::max(Seconds(1), rounded_up(missing - allowed_missing));
  return verdict;
}

void RateLimiter::forget_full(Clock::time_point now) {
  while (!buckets_.empty() && (buckets_.front().full_at <= now || buckets_.size() > clients_)) {
    by_client_.erase(buckets_.front().client);
    buckets_.pop_front();
  }
}

RateLimiter::Verdict RateLimiter::take(const std::string& client, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  auto found = by_client_.find(client);
  if (found == by_client_.end()) {
    buckets_.push_back({client, now});
    found = by_client_.emplace(client, std::prev(buckets_.end())).first;
  } else {
    buckets_.splice(buckets_.end(), buckets_, found->second);
  }
  Bucket& bucket = *found->second;
  Verdict verdict = judge(bucket.full_at, now);
  if (verdict.allowed) {
    bucket.full_at = std::max(bucket.full_at, now) + interval_;
    verdict = judge(bucket.full_at, now);
    verdict.allowed = true;
    verdict.retry_after = Seconds(0);
  }
  forget_full(now);
  return verdict;
}

RateLimiter::Verdict RateLimiter::look(const std::string& client, Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_client_.find(client);
  return judge(found == by_client_.end() ? now : found->second->full_at, now);
}

std::size_t RateLimiter::size() const {
  const std::lock_guard lock(mutex_);
  return buckets_.size();
}

Seconds RateLimiter::window() const {
  return rounded_up(interval_ * static_cast<Clock::rep>(burst_));
}

}  // namespace winnow::httpd
