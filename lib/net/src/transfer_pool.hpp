#pragma once

#include <chrono>
#include <memory>
#include <unordered_map>
#include <vector>

#include "transfer.hpp"

namespace winnow::net {

// The transfers under way, and idle ones to be used again.
class TransferPool {
 public:
  using Clock = std::chrono::steady_clock;

  TransferPool(const HttpClientOptions& options, std::shared_ptr<MemoryAccount> account)
      : options_(options), account_(std::move(account)) {}

  Transfer& start(const HttpRequest& request, HostLimiter::Ticket ticket);
  // It is no longer under way; its handle must have left curl's multi handle.
  void finish(Transfer& transfer);
  // Destroys all, those under way as well.
  void clear();

  [[nodiscard]] std::size_t size() const { return running_.size(); }
  // How many bring hardly anything (Transfer::is_slow); counted anew only every kCountInterval.
  [[nodiscard]] std::size_t slow(Clock::time_point now);
  [[nodiscard]] Clock::time_point next_count() const { return counted_at_ + kCountInterval; }

  template <typename Visit>
  void for_each(const Visit& visit) const {
    for (const auto& [transfer, owner] : running_) visit(*transfer);
  }

 private:
  static constexpr std::chrono::milliseconds kCountInterval{250};

  const HttpClientOptions& options_;
  const std::shared_ptr<MemoryAccount> account_;
  std::unordered_map<Transfer*, std::unique_ptr<Transfer>> running_;
  std::vector<std::unique_ptr<Transfer>> spare_;
  std::size_t slow_ = 0;
  Clock::time_point counted_at_;
};

}  // namespace winnow::net
