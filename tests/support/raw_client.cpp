#include "support/raw_client.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "winnow/core/text.hpp"

namespace winnow::test {
namespace {

constexpr timeval kLimit{30, 0};

Reply parse_head(std::string_view head) {
  Reply reply;
  const std::size_t space = head.find(' ');
  if (!head.starts_with("HTTP/1.1 ") || head.size() < space + 4) {
    ADD_FAILURE() << "not an answer: " << head;
    return reply;
  }
  reply.status = std::stoi(std::string(head.substr(space + 1, 3)));
  for (const std::string_view line : split(head, '\n')) {
    const std::size_t colon = line.find(':');
    if (line.starts_with("HTTP/") || colon == std::string_view::npos) continue;
    const std::string name = to_lower(line.substr(0, colon));
    EXPECT_FALSE(reply.headers.contains(name)) << name << " comes twice";
    reply.headers[name] = std::string(trim(line.substr(colon + 1)));
  }
  return reply;
}

}  // namespace

Reply take_reply(std::string& received, const std::function<bool()>& fill, bool head_only) {
  std::size_t head_end = 0;
  while ((head_end = received.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return {};
  }
  Reply reply = parse_head(std::string_view(received).substr(0, head_end));
  received.erase(0, head_end + 4);
  const std::string length = reply.header("content-length");
  if (head_only || length.empty()) return reply;
  const std::size_t size = std::stoul(length);
  while (received.size() < size) {
    if (!fill()) return {};
  }
  reply.body = received.substr(0, size);
  received.erase(0, size);
  return reply;
}

RawClient::RawClient(std::uint16_t port, const std::string& address) {
  const bool v6 = address.find(':') != std::string::npos;
  socket_ = ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &kLimit, sizeof kLimit);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &kLimit, sizeof kLimit);
  const int yes = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  int result = -1;
  if (v6) {
    sockaddr_in6 peer{};
    peer.sin6_family = AF_INET6;
    peer.sin6_port = htons(port);
    ::inet_pton(AF_INET6, address.c_str(), &peer.sin6_addr);
    result = ::connect(socket_, reinterpret_cast<const sockaddr*>(&peer), sizeof peer);
  } else {
    sockaddr_in peer{};
    peer.sin_family = AF_INET;
    peer.sin_port = htons(port);
    ::inet_pton(AF_INET, address.c_str(), &peer.sin_addr);
    result = ::connect(socket_, reinterpret_cast<const sockaddr*>(&peer), sizeof peer);
  }
  EXPECT_EQ(result, 0) << "cannot connect to " << address << ":" << port << ": " << std::strerror(errno);
}

RawClient::~RawClient() {
  if (socket_ >= 0) ::close(socket_);
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) {
      EXPECT_NE(errno, EAGAIN) << "the server takes nothing";
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void RawClient::finish_sending() {
  ::shutdown(socket_, SHUT_WR);
}

void RawClient::reset() {
  const linger now{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(socket_);
  socket_ = -1;
}

bool RawClient::fill() {
  std::array<char, 65536> buffer;
  const ssize_t count = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (count <= 0) {
    EXPECT_FALSE(count < 0 && errno == EAGAIN) << "the server neither answers nor closes";
    return false;
  }
  received_.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

Reply RawClient::read_reply(bool head_only) {
  return take_reply(
      received_, [this] { return fill(); }, head_only);
}

std::string RawClient::read_all() {
  while (fill()) {
  }
  return std::exchange(received_, "");
}

std::string RawClient::read_some() {
  if (received_.empty()) fill();
  return std::exchange(received_, "");
}

Reply request(std::uint16_t port, const std::string& method, const std::string& target, std::string_view body,
              const std::string& more_headers) {
  RawClient client(port);
  std::string text =
      method + " " + target + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n" + more_headers;
  if (!body.empty() || method == "POST") text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  client.send(text + "\r\n");
  client.send(body);
  return client.read_reply(method == "HEAD");
}

}  // namespace winnow::test
