#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace winnow::test {

// An HTTP server on 127.0.0.1 that does what a test tells it, above all what no honest server would do: its
// routes have every byte and its time in their hands. One thread for each connection. Any name ending in
// ".localhost" leads here, so one server can play many hosts.
class FakeHttpServer {
 public:
  struct Request {
    std::string method;
    std::string target;                          // path and query, as sent
    std::map<std::string, std::string> headers;  // names in lower case
  };

  // One client, to be answered. All calls return false once the client or the test has gone.
  class Connection {
   public:
    // A whole, honest answer; the connection can be used again after it.
    bool respond(int status, std::string_view headers, std::string_view body);
    // Raw bytes, from the status line on; the connection is closed when the route returns.
    bool send(std::string_view bytes);
    // The bytes one by one.
    bool trickle(std::string_view bytes, std::chrono::milliseconds pause);
    bool sleep(std::chrono::milliseconds time);

   private:
    friend class FakeHttpServer;
    Connection(FakeHttpServer& server, int socket) : server_(server), socket_(socket) {}
    bool gone() const;
    void finish();

    FakeHttpServer& server_;
    int socket_;
    bool keep_ = false;
    bool under_way_ = true;
  };
  using Route = std::function<void(Connection&, const Request&)>;

  FakeHttpServer();
  ~FakeHttpServer();
  FakeHttpServer(const FakeHttpServer&) = delete;
  FakeHttpServer& operator=(const FakeHttpServer&) = delete;

  // For a path without its query. What has no route is 404. Routes may be added while the server runs.
  void route(const std::string& path, Route route);
  void serve(const std::string& path, const std::string& content_type, std::string body);
  void redirect(const std::string& path, const std::string& location, int status = 302);

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& path, const std::string& host = "127.0.0.1") const;

  // What has been asked for so far.
  [[nodiscard]] int count(const std::string& path) const;
  [[nodiscard]] int count() const;
  [[nodiscard]] std::vector<Request> requests(const std::string& path) const;
  // The most requests that were being answered at the same time.
  [[nodiscard]] int most_at_once() const { return most_at_once_; }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void accept_clients();
  void talk(int socket);
  bool read_request(int socket, std::string& buffer, Request& request) const;
  void answer(Connection& connection, const Request& request);

  int listener_;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> at_once_ = 0;
  std::atomic<int> most_at_once_ = 0;
  std::atomic<int> connections_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, Route> routes_;
  std::map<std::string, std::vector<Request>> requests_;
  std::vector<int> sockets_;
  std::vector<std::jthread> talkers_;
  std::jthread accepter_;
};

}  // namespace winnow::test
