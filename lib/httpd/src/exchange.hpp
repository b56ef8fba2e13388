#pragma once

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

  // The rest is for the connection's strand only.
  // Nothing if abandon() came first.
  boost::asio::awaitable<std::optional<Response>> wait();
  void abandon();
  // The strand may not be touched any more.
  void close();

 private:
  std::mutex mutex_;                                  // between deliver() and close()
  std::optional<boost::asio::steady_timer> arrival_;  // never expires; cancelled to wake the connection
  std::optional<Response> response_;
  bool abandoned_ = false;
};

}  // namespace winnow::httpd
