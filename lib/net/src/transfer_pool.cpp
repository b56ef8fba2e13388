#include "transfer_pool.hpp"

#include <algorithm>

namespace winnow::net {

Transfer& TransferPool::start(const HttpRequest& request, HostLimiter::Ticket ticket) {
  if (spare_.empty()) spare_.push_back(std::make_unique<Transfer>(options_, account_));
  std::unique_ptr<Transfer> transfer = std::move(spare_.back());
  spare_.pop_back();
  transfer->prepare(request, ticket);
  Transfer* const key = transfer.get();
  running_.emplace(key, std::move(transfer));
  return *key;
}

void TransferPool::finish(Transfer& transfer) {
  const auto held = running_.find(&transfer);
  spare_.push_back(std::move(held->second));
  running_.erase(held);
}

void TransferPool::clear() {
  running_.clear();
  spare_.clear();
}

std::size_t TransferPool::slow(Clock::time_point now) {
  if (now < next_count()) return slow_;
  counted_at_ = now;
  slow_ = static_cast<std::size_t>(std::count_if(running_.begin(), running_.end(),
                                                 [&](const auto& item) { return item.first->is_slow(now); }));
  return slow_;
}

}  // namespace winnow::net
