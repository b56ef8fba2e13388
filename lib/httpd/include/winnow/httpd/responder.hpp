#pragma once

#include <functional>

#include "winnow/httpd/message.hpp"

namespace winnow::httpd {

// The right to answer one request, and the duty: destroyed unused it answers 500. Movable; may be called from
// any thread, at any later time, even after the server is gone.
class Responder {
 public:
  // deliver is called once.
  explicit Responder(std::function<void(Response)> deliver) : deliver_(std::move(deliver)) {}
  ~Responder();
  Responder(Responder&& other) noexcept : deliver_(std::exchange(other.deliver_, nullptr)) {}
  Responder& operator=(Responder&& other) noexcept;

  // Only the first call counts.
  void operator()(Response response);

 private:
  std::function<void(Response)> deliver_;
};

}  // namespace winnow::httpd
