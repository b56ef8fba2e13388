#pragma once

#include <functional>
#include <utility>

#include "winnow/httpd/message.hpp"

namespace winnow::httpd {

// The right to answer one request, and the duty: destroyed unused it answers 500. Movable; may be called from
// any thread, at any later time, even after the server is gone.
class Responder {
 public:
  // deliver is called once. wanted may be called from any thread; without it an answer is always wanted.
  explicit Responder(std::function<void(Response)> deliver, std::function<bool()> wanted = {})
      : deliver_(std::move(deliver)), wanted_(std::move(wanted)) {}
  ~Responder();
  Responder(Responder&& other) noexcept
      : deliver_(std::exchange(other.deliver_, nullptr)), wanted_(std::move(other.wanted_)) {}
  Responder& operator=(Responder&& other) noexcept;

  // Only the first call counts.
  void operator()(Response response);

  // False once the client has closed its connection: what is expensive need not be computed any more. The
  // responder wants its answer all the same.
  [[nodiscard]] bool wanted() const { return !wanted_ || wanted_(); }

 private:
  std::function<void(Response)> deliver_;
  std::function<bool()> wanted_;
};

}  // namespace winnow::httpd
