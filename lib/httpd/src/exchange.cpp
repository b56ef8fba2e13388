#include "exchange.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace winnow::httpd {

namespace asio = boost::asio;

void Exchange::deliver(Response response) {
  const std::lock_guard lock(mutex_);
  if (!arrival_) return;
  response_ = std::move(response);
  if (!waiting_) return;
  asio::post(arrival_->get_executor(), [self = shared_from_this()] {
    if (self->arrival_) self->arrival_->cancel();
  });
}

bool Exchange::delivered() {
  const std::lock_guard lock(mutex_);
  return response_.has_value();
}

asio::awaitable<std::optional<Response>> Exchange::wait() {
  bool wait = false;
  {
    const std::lock_guard lock(mutex_);
    wait = waiting_ = !response_ && !abandoned_;
  }
  if (wait) {
    // deliver() wakes by way of the strand, so not before this has begun to wait.
    arrival_->expires_at(asio::steady_timer::time_point::max());
    co_await arrival_->async_wait(asio::as_tuple(asio::use_awaitable));
  }
  const std::lock_guard lock(mutex_);
  co_return abandoned_ ? std::nullopt : std::exchange(response_, std::nullopt);
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
