#include "support/tcp_relay.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace winnow::test {
namespace {

constexpr int kTickMs = 50;

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Returns what has come; nothing at the end.
std::string take(int from) {
  std::array<char, 65536> buffer{};
  const ssize_t count = recv(from, buffer.data(), buffer.size(), 0);
  return count <= 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(count));
}

bool pass_on(int to, const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t count = send(to, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return false;
    sent += static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace

TcpRelay::TcpRelay(int to) : to_(to), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  (void)bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
  (void)listen(listener_, 64);
  (void)getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this] { accept_all(); });
}

TcpRelay::~TcpRelay() {
  closed_ = true;
  acceptor_.join();
  relays_.clear();
  close(listener_);
}

void TcpRelay::lose_answer_to(std::string word) {
  const std::lock_guard lock(mutex_);
  word_ = std::move(word);
}

void TcpRelay::accept_all() {
  while (!closed_) {
    pollfd waiting{.fd = listener_, .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, kTickMs) <= 0) continue;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    const std::lock_guard lock(mutex_);
    relays_.emplace_back([this, client] { relay(client); });
  }
}

void TcpRelay::relay(int client) {
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(to_);
  bool open = connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  while (open && !closed_) {
    std::array<pollfd, 2> waiting{pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
    if (poll(waiting.data(), waiting.size(), kTickMs) <= 0) continue;
    if (waiting[0].revents != 0) {
      const std::string bytes = take(client);
      open = !bytes.empty() && pass_on(server, bytes);
      const std::lock_guard lock(mutex_);
      if (open && !word_.empty() && bytes.find(word_) != std::string::npos) {
        word_.clear();
        // Its answer shows that the server has done it; nobody else hears of that.
        open = false;
        (void)take(server);
        ++lost_;
      }
    }
    if (open && waiting[1].revents != 0) {
      const std::string bytes = take(server);
      open = !bytes.empty() && pass_on(client, bytes);
    }
  }
  close(server);
  close(client);
}

}  // namespace winnow::test
