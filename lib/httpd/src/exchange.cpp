#include "exchange.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace winnow::httpd {

namespace asio = boost::asio;

void Exchange::deliver(Response response) {
  const std::lock_guard lock(mutex_);
  if (!arrival_) return;
  asio::post(arrival_->get_executor(), [self = shared_from_this(), response = std::move(response)]() mutable {
    self->response_ = std::move(response);
    if (self->arrival_) self->arrival_->cancel();
  });
}

asio::awaitable<std::optional<Response>> Exchange::wait() {
  if (!response_ && !abandoned_) {
    arrival_->expires_at(asio::steady_timer::time_point::max());
    co_await arrival_->async_wait(asio::as_tuple(asio::use_awaitable));
  }
  co_return abandoned_ ? std::nullopt : std::move(response_);
}

void Exchange::abandon() {
  abandoned_ = true;
  if (arrival_) arrival_->cancel();
}

void Exchange::close() {
  const std::lock_guard lock(mutex_);
  arrival_.reset();
}

}  // namespace winnow::httpd
