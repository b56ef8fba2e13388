#include "serve/admin_socket.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/text.hpp"

namespace winnow::tools {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLongestCommand = 200;
constexpr std::chrono::milliseconds kStep{100};  // until a stop is noticed
constexpr timeval kPatience{1, 0};  // with who says nothing, since nobody else is heard meanwhile

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path)
    throw Error(ErrorKind::kUsage, path.string(), "is too long for a socket; choose a shorter path");
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  return address;
}

// A server that was killed leaves its socket behind.
bool is_abandoned(const sockaddr_un& address) {
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int result = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const bool refused = result != 0 && errno == ECONNREFUSED;
  ::close(probe);
  return refused;
}

std::string read_line(int client) {
  std::string line;
  std::array<char, 256> buffer{};
  while (line.find('\n') == std::string::npos && line.size() <= kLongestCommand) {
    const ssize_t count = ::recv(client, buffer.data(), buffer.size(), 0);
    if (count <= 0) break;
    line.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return std::string(trim(line.substr(0, std::min(line.find('\n'), kLongestCommand))));
}

}  // namespace

AdminSocket::AdminSocket(std::filesystem::path path) : path_(std::move(path)) {
  const sockaddr_un address = address_of(path_);
  if (std::filesystem::is_socket(path_) && is_abandoned(address)) std::filesystem::remove(path_);
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener_ < 0) throw Error(ErrorKind::kIo, path_.string(), system_message(errno));
  // Nobody else can open it, not even before its mode is set.
  const mode_t before = ::umask(0177);
  const int bound = ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int why = errno;
  ::umask(before);
  if (bound == 0 && ::listen(listener_, 8) == 0) return;
  ::close(listener_);
  throw Error(ErrorKind::kIo, path_.string(), system_message(bound == 0 ? errno : why));
}

AdminSocket::~AdminSocket() {
  ::close(listener_);
  ::unlink(path_.c_str());
}

void AdminSocket::answer_for(std::chrono::milliseconds time, const std::stop_token& stop,
                             const std::function<Json(const std::string& command)>& command) {
  const Clock::time_point end = Clock::now() + time;
  while (!stop.stop_requested()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) return;
    pollfd wanted{listener_, POLLIN, 0};
    if (::poll(&wanted, 1, static_cast<int>(std::min(left, kStep).count())) <= 0) continue;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
    ::setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
    Json answer;
    try {
      answer = command(read_line(client));
    } catch (const std::exception& error) {
      answer = {{"error", error.what()}};
    }
    (void)write_all(client, as_bytes(answer.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"));
    ::close(client);
    return;
  }
}

}  // namespace winnow::tools
