#include "winnow/httpd/responder.hpp"

#include "internal_error.hpp"

namespace winnow::httpd {

Responder::~Responder() {
  if (!deliver_) return;
  try {
    (*this)(problem_response(internal_error()));
  } catch (...) {  // out of memory: the connection is closed when the server stops
  }
}

Responder& Responder::operator=(Responder&& other) noexcept {
  Responder taken(std::move(other));
  taken.deliver_.swap(deliver_);
  taken.wanted_.swap(wanted_);
  return *this;
}

void Responder::operator()(Response response) {
  if (const auto deliver = std::exchange(deliver_, nullptr)) deliver(std::move(response));
}

}  // namespace winnow::httpd
