#include "socket_poll.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "winnow/core/error.hpp"

namespace winnow::net {

SocketPoll::SocketPoll()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wakeup_;
  if (epoll_ < 0 || wakeup_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wakeup_, &event) != 0) {
    const int error_number = errno;
    if (epoll_ >= 0) ::close(epoll_);
    if (wakeup_ >= 0) ::close(wakeup_);
    throw Error(ErrorKind::kIo, "network", "cannot be set up: " + system_message(error_number));
  }
}

SocketPoll::~SocketPoll() {
  ::close(wakeup_);
  ::close(epoll_);
}

void SocketPoll::watch(int socket, bool readable, bool writable) const {
  epoll_event event{};
  event.events = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u);
  event.data.fd = socket;
  // A socket that was closed has left by itself, and its number may have come back as a new one.
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, socket, &event) != 0)
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
}

void SocketPoll::forget(int socket) const {
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr);
}

void SocketPoll::wait(std::chrono::milliseconds limit,
                      const std::function<void(const Event&)>& report) const {
  std::array<epoll_event, 64> events{};
  const int count =
      ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), static_cast<int>(limit.count()));
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.fd == wakeup_) {
      std::uint64_t ignored = 0;
      (void)!::read(wakeup_, &ignored, sizeof ignored);
      continue;
    }
    report({event.data.fd, (event.events & EPOLLIN) != 0, (event.events & EPOLLOUT) != 0,
            (event.events & (EPOLLERR | EPOLLHUP)) != 0});
  }
}

void SocketPoll::wake() const {
  const std::uint64_t one = 1;
  (void)!::write(wakeup_, &one, sizeof one);
}

}  // namespace winnow::net
