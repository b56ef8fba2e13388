#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <mutex>
#include <optional>

#include "winnow/httpd/message.hpp"

namespace winnow::httpd {

// Where a connection waits for an answer that comes from another thread, and possibly when the connection,
// or the whole server, is gone.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  explicit Exchange(const boost::asio::any_io_executor& strand) : arrival_(strand) {}

  // From any thread. Without effect after close().
  void deliver(Response response);
  // From any thread. Whether the client still waits for the answer, as far as is known.
  [[nodiscard]] bool wanted() const { return !client_gone_; }

  // The rest is for the connection's strand only.
  // Nothing if abandon() came first.
  boost::asio::awaitable<std::optional<Response>> wait();
  void abandon();
  // Whether an answer is there, so that wait() will not wait.
  [[nodiscard]] bool delivered();
  void note_client_gone() { client_gone_ = true; }
  // The strand may not be touched any more.
  void close();

 private:
  std::mutex mutex_;                                  // for the next three
  std::optional<boost::asio::steady_timer> arrival_;  // never expires; cancelled to wake the connection
  std::optional<Response> response_;
  bool waiting_ = false;
  bool abandoned_ = false;
  std::atomic<bool> client_gone_ = false;
};

}  // namespace winnow::httpd
