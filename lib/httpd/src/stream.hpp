#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tls_session.hpp"

namespace winnow::httpd {

// A client's socket, plain or with TLS, whose every operation has a deadline. All calls on the socket's
// strand.
class Stream : public std::enable_shared_from_this<Stream> {
 public:
  using Clock = std::chrono::steady_clock;
  using ErrorCode = boost::system::error_code;

  struct Transfer {
    ErrorCode error;  // asio::error::timed_out after the deadline, eof when the peer has said all
    std::size_t bytes = 0;
  };

  // tls: null for a plain one.
  Stream(boost::asio::ip::tcp::socket socket, const std::shared_ptr<ssl_ctx_st>& tls);

  // Agrees on keys with the client, if there is TLS. Comes before anything else.
  boost::asio::awaitable<ErrorCode> open(Clock::time_point deadline);

  [[nodiscard]] boost::asio::any_io_executor executor() { return socket_.get_executor(); }
  [[nodiscard]] const std::string& peer() const { return peer_; }

  boost::asio::awaitable<Transfer> read_some(boost::asio::mutable_buffer buffer, Clock::time_point deadline);

  // Waits until there is something to read, or the end. Holds no buffer meanwhile.
  boost::asio::awaitable<ErrorCode> wait_readable(Clock::time_point deadline);
  // Appends what has arrived, up to max_bytes, without waiting.
  Transfer read_arrived(std::string& target, std::size_t max_bytes);

  // Calls back when the peer closes its side, or breaks off, before it sends anything more. At most once, and
  // not after stop_watching().
  void watch_for_end(std::function<void()> ended);
  void stop_watching();

  // Writes both, one after the other; gives up when the peer takes nothing for `stall`.
  boost::asio::awaitable<ErrorCode> write(std::string_view head, std::string_view body,
                                          Clock::duration stall);

  struct LingerLimits {
    std::size_t bytes;
    Clock::duration total;
    Clock::duration stall;
  };
  // Says that nothing more will be written, and reads away what the peer still sends. A socket closed with
  // unread bytes resets the connection, and the peer never sees the answer (RFC 9112 9.6).
  boost::asio::awaitable<void> linger(LingerLimits limits);

  // True if bytes wait to be read, or the peer has gone.
  [[nodiscard]] bool readable();
  // Ends the pending operation with operation_aborted.
  void interrupt();
  void close();

 private:
  class Watch;  // arms the deadline for as long as it lives

  boost::asio::awaitable<ErrorCode> wait_for(TlsSession::Step step);
  // Whether the peer has closed, going by what there is to read; nothing if there is nothing to read.
  std::optional<bool> peer_ended();

  boost::asio::ip::tcp::socket socket_;
  std::optional<TlsSession> tls_;
  boost::asio::steady_timer timer_;
  std::string peer_;
  std::uint64_t watch_number_ = 0;
  bool expired_ = false;
  std::uint64_t end_watch_ = 0;
  bool watching_ = false;
};

}  // namespace winnow::httpd
