#include "winnow/cli/service_manager.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace winnow::cli {
namespace {

constexpr int kFirstDescriptor = 3;

std::string take_variable(const char* name) {
  const char* value = std::getenv(name);
  std::string text = value == nullptr ? "" : value;
  ::unsetenv(name);
  return text;
}

// Nothing for what is no number.
std::optional<long long> number(const std::string& text) {
  long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

ServiceManager::ServiceManager() : socket_(take_variable("NOTIFY_SOCKET")) {
  const std::optional<long long> listen_pid = number(take_variable("LISTEN_PID"));
  const std::optional<long long> sockets = number(take_variable("LISTEN_FDS"));
  take_variable("LISTEN_FDNAMES");
  if (listen_pid == ::getpid() && sockets && *sockets > 0) {
    inherited_socket_ = kFirstDescriptor;
    ::fcntl(kFirstDescriptor, F_SETFD, FD_CLOEXEC);
  }
  const std::optional<long long> watchdog_pid = number(take_variable("WATCHDOG_PID"));
  const std::optional<long long> microseconds = number(take_variable("WATCHDOG_USEC"));
  if (microseconds && *microseconds > 0 && (!watchdog_pid || watchdog_pid == ::getpid())) {
    watchdog_interval_ = std::chrono::milliseconds(*microseconds / 2000);
  }
}

void ServiceManager::notify(std::string_view state) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const bool usable = socket_.starts_with('/') || socket_.starts_with('@');
  if (!usable || socket_.size() >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_.front() == '@') address.sun_path[0] = '\0';
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  (void)::sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&address), length);
  ::close(descriptor);
}

}  // namespace winnow::cli
