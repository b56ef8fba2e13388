#include "stream.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "winnow/httpd/client_address.hpp"

namespace winnow::httpd {

namespace asio = boost::asio;
using asio::ip::tcp;

// A timer that has already expired may still have its handler waiting in the strand when the next operation
// begins: the number tells the handler that its time has passed.
class Stream::Watch {
 public:
  Watch(Stream& stream, Clock::time_point deadline) : stream_(stream) {
    stream.expired_ = false;
    stream.timer_.expires_at(deadline);
    stream.timer_.async_wait(
        [weak = stream.weak_from_this(), number = ++stream.watch_number_](ErrorCode error) {
          const std::shared_ptr<Stream> self = weak.lock();
          if (error || !self || self->watch_number_ != number) return;
          self->expired_ = true;
          self->interrupt();
        });
  }
  ~Watch() {
    ++stream_.watch_number_;
    stream_.timer_.cancel();
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  [[nodiscard]] ErrorCode translate(ErrorCode error) const {
    if (error == asio::error::operation_aborted && stream_.expired_) return asio::error::timed_out;
    return error;
  }

 private:
  Stream& stream_;
};

Stream::Stream(tcp::socket socket, const std::shared_ptr<ssl_ctx_st>& tls)
    : socket_(std::move(socket)), timer_(socket_.get_executor()) {
  ErrorCode ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  const tcp::endpoint endpoint = socket_.remote_endpoint(ignored);
  const std::string address = endpoint.address().to_string();
  const std::optional<AddressBytes> parsed = parse_address(address);
  peer_ = parsed ? to_string(*parsed) : address;  // IPv4 looks the same on a socket for both
  if (tls) tls_.emplace(tls, socket_.native_handle());
}

asio::awaitable<Stream::ErrorCode> Stream::wait_for(TlsSession::Step step) {
  if (step == TlsSession::Step::kEnded) co_return asio::error::eof;
  if (step == TlsSession::Step::kBroken) co_return asio::error::connection_reset;
  const auto what = step == TlsSession::Step::kReadable ? tcp::socket::wait_read : tcp::socket::wait_write;
  const auto [error] = co_await socket_.async_wait(what, asio::as_tuple(asio::use_awaitable));
  co_return error;
}

asio::awaitable<Stream::ErrorCode> Stream::open(Clock::time_point deadline) {
  if (!tls_) co_return ErrorCode{};
  const Watch watch(*this, deadline);
  while (true) {
    const TlsSession::Step step = tls_->handshake();
    if (step == TlsSession::Step::kDone) co_return ErrorCode{};
    if (const ErrorCode error = co_await wait_for(step)) co_return watch.translate(error);
  }
}

asio::awaitable<Stream::Transfer> Stream::read_some(asio::mutable_buffer buffer, Clock::time_point deadline) {
  const Watch watch(*this, deadline);
  while (tls_) {
    const auto [step, bytes] = tls_->read(buffer.data(), buffer.size());
    if (step == TlsSession::Step::kDone) co_return Transfer{{}, bytes};
    if (const ErrorCode error = co_await wait_for(step)) co_return Transfer{watch.translate(error), 0};
  }
  const auto [error, bytes] = co_await socket_.async_read_some(buffer, asio::as_tuple(asio::use_awaitable));
  co_return Transfer{watch.translate(error), bytes};
}

asio::awaitable<Stream::ErrorCode> Stream::wait_readable(Clock::time_point deadline) {
  if (tls_ && tls_->pending()) co_return ErrorCode{};
  const Watch watch(*this, deadline);
  const auto [error] =
      co_await socket_.async_wait(tcp::socket::wait_read, asio::as_tuple(asio::use_awaitable));
  co_return watch.translate(error);
}

Stream::Transfer Stream::read_arrived(std::string& target, std::size_t max_bytes) {
  std::array<char, 16384> buffer;
  Transfer transfer;
  if (tls_) {
    const auto [step, bytes] = tls_->read(buffer.data(), std::min(max_bytes, buffer.size()));
    if (step == TlsSession::Step::kEnded) transfer.error = asio::error::eof;
    if (step == TlsSession::Step::kBroken) transfer.error = asio::error::connection_reset;
    target.append(buffer.data(), bytes);
    return transfer;
  }
  transfer.bytes =
      socket_.read_some(asio::buffer(buffer, std::min(max_bytes, buffer.size())), transfer.error);
  if (transfer.error == asio::error::would_block) transfer.error = {};
  target.append(buffer.data(), transfer.bytes);
  return transfer;
}

void Stream::watch_for_end(std::function<void()> ended) {
  watching_ = true;
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this(), number = ++end_watch_,
                                              ended = std::move(ended)](ErrorCode error) {
    if (error || number != self->end_watch_) return;
    self->watching_ = false;
    const std::optional<bool> end = self->peer_ended();
    if (end == true) ended();
    // With TLS a part of a record can come alone.
    if (!end && self->tls_) self->watch_for_end(ended);
  });
}

std::optional<bool> Stream::peer_ended() {
  if (tls_) {
    const TlsSession::Step step = tls_->peek();
    if (step == TlsSession::Step::kReadable || step == TlsSession::Step::kWritable) return std::nullopt;
    return step != TlsSession::Step::kDone;
  }
  char byte = 0;
  ErrorCode peeked;
  socket_.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, peeked);
  if (peeked == asio::error::would_block) return std::nullopt;
  return static_cast<bool>(peeked);
}

void Stream::stop_watching() {
  if (!std::exchange(watching_, false)) return;
  ++end_watch_;
  interrupt();
}

asio::awaitable<Stream::ErrorCode> Stream::write(std::string_view head, std::string_view body,
                                                 Clock::duration stall) {
  while (!head.empty() || !body.empty()) {
    const Watch watch(*this, Clock::now() + stall);
    if (tls_) {
      std::string_view& next = head.empty() ? body : head;
      const auto [step, bytes] = tls_->write(next.data(), next.size());
      next.remove_prefix(bytes);
      if (step == TlsSession::Step::kDone) continue;
      if (const ErrorCode error = co_await wait_for(step)) co_return watch.translate(error);
      continue;
    }
    const std::array<asio::const_buffer, 2> buffers = {asio::buffer(head), asio::buffer(body)};
    const auto [error, bytes] =
        co_await socket_.async_write_some(buffers, asio::as_tuple(asio::use_awaitable));
    if (error) co_return watch.translate(error);
    const std::size_t of_head = std::min(bytes, head.size());
    head.remove_prefix(of_head);
    body.remove_prefix(bytes - of_head);
  }
  co_return ErrorCode{};
}

asio::awaitable<void> Stream::linger(LingerLimits limits) {
  ErrorCode error;
  // What still comes is of no interest, so it need not be deciphered.
  if (tls_) tls_->say_goodbye();
  tls_.reset();
  socket_.shutdown(tcp::socket::shutdown_send, error);
  const Clock::time_point end = Clock::now() + limits.total;
  std::array<char, 16384> discarded;
  for (std::size_t bytes = 0; !error && bytes < limits.bytes;) {
    const Clock::time_point now = Clock::now();
    if (now >= end) break;
    const asio::mutable_buffer buffer = asio::buffer(discarded);
    const Transfer transfer = co_await read_some(buffer, std::min(end, now + limits.stall));
    error = transfer.error;
    bytes += transfer.bytes;
  }
}

bool Stream::readable() {
  return (tls_ && tls_->pending()) || peer_ended().has_value();
}

void Stream::interrupt() {
  ErrorCode ignored;
  socket_.cancel(ignored);
}

void Stream::close() {
  ErrorCode ignored;
  if (tls_) tls_->say_goodbye();
  socket_.close(ignored);
  timer_.cancel();
}

}  // namespace winnow::httpd
