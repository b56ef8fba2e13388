#include "support/fake_http_server.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "winnow/core/text.hpp"

namespace winnow::test {
namespace {

using namespace std::chrono_literals;

void check(bool good) {
  if (!good) std::abort();  // a test machine without loopback sockets
}

}  // namespace

bool FakeHttpServer::Connection::gone() const {
  char byte = 0;
  const ssize_t count = ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return server_.stopping_ || count == 0;
}

bool FakeHttpServer::Connection::send(std::string_view bytes) {
  keep_ = false;
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return !server_.stopping_;
}

// Counted until the client can know of the answer, and ask for the next thing.
void FakeHttpServer::Connection::finish() {
  if (under_way_) --server_.at_once_;
  under_way_ = false;
}

bool FakeHttpServer::Connection::respond(int status, std::string_view headers, std::string_view body) {
  finish();
  const bool sent = send(fmt::format("HTTP/1.1 {} Whatever\r\n{}Content-Length: {}\r\n\r\n", status, headers,
                                     body.size())) &&
                    send(body);
  keep_ = sent;
  return sent;
}

bool FakeHttpServer::Connection::trickle(std::string_view bytes, std::chrono::milliseconds pause) {
  for (const char byte : bytes) {
    if (!send({&byte, 1}) || !sleep(pause)) return false;
  }
  return true;
}

bool FakeHttpServer::Connection::sleep(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    if (gone()) return false;
    std::this_thread::sleep_for(std::min<std::chrono::milliseconds>(5ms, time));
  }
  return !gone();
}

FakeHttpServer::FakeHttpServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  check(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  check(::listen(listener_, 4096) == 0);
  check(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  accepter_ = std::jthread([this] { accept_clients(); });
}

FakeHttpServer::~FakeHttpServer() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  accepter_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  }
  talkers_.clear();
  ::close(listener_);
}

void FakeHttpServer::route(const std::string& path, Route route) {
  const std::lock_guard lock(mutex_);
  routes_[path] = std::move(route);
}

void FakeHttpServer::serve(const std::string& path, const std::string& content_type, std::string body) {
  route(path, [content_type, body = std::move(body)](Connection& connection, const Request&) {
    connection.respond(200, "Content-Type: " + content_type + "\r\n", body);
  });
}

void FakeHttpServer::redirect(const std::string& path, const std::string& location, int status) {
  route(path, [location, status](Connection& connection, const Request&) {
    connection.respond(status, "Location: " + location + "\r\n", "it has moved");
  });
}

std::string FakeHttpServer::url(const std::string& path, const std::string& host) const {
  return fmt::format("http://{}:{}{}", host, port_, path);
}

int FakeHttpServer::count(const std::string& path) const {
  return static_cast<int>(requests(path).size());
}

int FakeHttpServer::count() const {
  const std::lock_guard lock(mutex_);
  int total = 0;
  for (const auto& [path, requests] : requests_) total += static_cast<int>(requests.size());
  return total;
}

std::vector<FakeHttpServer::Request> FakeHttpServer::requests(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto found = requests_.find(path);
  return found == requests_.end() ? std::vector<Request>() : found->second;
}

void FakeHttpServer::accept_clients() {
  while (!stopping_) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++connections_;
    const std::lock_guard lock(mutex_);
    sockets_.push_back(socket);
    talkers_.emplace_back([this, socket] { talk(socket); });
  }
}

void FakeHttpServer::talk(int socket) {
  std::string buffer;
  Request request;
  while (!stopping_ && read_request(socket, buffer, request)) {
    const int now = ++at_once_;
    for (int most = most_at_once_; most < now && !most_at_once_.compare_exchange_weak(most, now);) {
    }
    Connection connection(*this, socket);
    answer(connection, request);
    connection.finish();
    if (!connection.keep_) break;
  }
  const std::lock_guard lock(mutex_);
  std::erase(sockets_, socket);
  ::shutdown(socket, SHUT_RDWR);
  ::close(socket);
}

bool FakeHttpServer::read_request(int socket, std::string& buffer, Request& request) const {
  std::size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    char bytes[4096];
    const ssize_t count = ::recv(socket, bytes, sizeof bytes, 0);
    if (count <= 0) return false;
    buffer.append(bytes, static_cast<std::size_t>(count));
    if (buffer.front() < 'A' || buffer.front() > 'Z') return false;  // TLS, for example
  }
  const std::string head = buffer.substr(0, end);
  buffer.erase(0, end + 4);
  const std::vector<std::string_view> lines = split(head, '\n');
  const std::vector<std::string_view> words = split(trim(lines.front()), ' ');
  request = {};
  request.method = words.front();
  if (words.size() > 1) request.target = words[1];
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::size_t colon = lines[i].find(':');
    if (colon == std::string_view::npos) continue;
    request.headers[to_lower(lines[i].substr(0, colon))] = trim(lines[i].substr(colon + 1));
  }
  return true;
}

void FakeHttpServer::answer(Connection& connection, const Request& request) {
  const std::string path = request.target.substr(0, request.target.find('?'));
  Route route;
  {
    const std::lock_guard lock(mutex_);
    requests_[path].push_back(request);
    if (const auto found = routes_.find(path); found != routes_.end()) route = found->second;
  }
  if (route) {
    route(connection, request);
  } else {
    connection.respond(404, "Content-Type: text/html\r\n", "<html><body>not here</body></html>");
  }
}

}  // namespace winnow::test
