#pragma once

#include <chrono>
#include <functional>

namespace winnow::net {

// epoll with a way to interrupt it. wake() may be called from any thread, the rest from one.
class SocketPoll {
 public:
  SocketPoll();  // throws Error{kIo}
  ~SocketPoll();
  SocketPoll(const SocketPoll&) = delete;
  SocketPoll& operator=(const SocketPoll&) = delete;

  // Watches a socket for what is asked for, and no longer for anything else.
  void watch(int socket, bool readable, bool writable) const;
  void forget(int socket) const;

  struct Event {
    int socket;
    bool readable;
    bool writable;
    bool failed;
  };
  // Waits until something happens, at most `limit`, and reports each socket it happened to.
  void wait(std::chrono::milliseconds limit, const std::function<void(const Event&)>& report) const;

  void wake() const;

 private:
  int epoll_;
  int wakeup_;
};

}  // namespace winnow::net
