#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "socket_poll.hpp"

namespace winnow::net {

// How much the bodies hold that are being received or have not been let go yet. Thread-safe. It outlives the
// client for as long as someone keeps a body.
class MemoryAccount : public std::enable_shared_from_this<MemoryAccount> {
 public:
  explicit MemoryAccount(std::shared_ptr<SocketPoll> poll) : poll_(std::move(poll)) {}

  void add(std::uint64_t bytes) { held_ += bytes; }
  void release(std::uint64_t bytes) {
    held_ -= bytes;
    if (awaited_.exchange(false)) poll_->wake();
  }

  // True if less than `limit` is held. If not, the poll is woken at the next release.
  bool has_room(std::uint64_t limit) {
    if (held_ < limit) return true;
    awaited_ = true;
    return held_ < limit;  // once more: a release may just have missed the flag
  }

  // Takes over `bytes` that have been added, and releases them when the last copy goes.
  std::shared_ptr<void> lease(std::uint64_t bytes) {
    return {nullptr, [account = shared_from_this(), bytes](void*) { account->release(bytes); }};
  }

 private:
  const std::shared_ptr<SocketPoll> poll_;
  std::atomic<std::uint64_t> held_ = 0;
  std::atomic<bool> awaited_ = false;
};

}  // namespace winnow::net
