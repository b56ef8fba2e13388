#include "incoming_body.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "winnow/core/text.hpp"

namespace winnow::httpd {
namespace {

constexpr std::size_t kMaxReserve = 1 << 20;

}  // namespace

Problem too_large(std::uint64_t limit) {
  return {
      413, "too-large", fmt::format("The request is larger than {}; send less.", format_bytes(limit)), {}};
}

Problem busy() {
  return {503, "busy", "The server has too much to do; try again in a moment.", {{"Retry-After", "2"}}};
}

IncomingBody::IncomingBody(const ServerOptions& options, std::atomic<std::size_t>& buffered, Request& request)
    : options_(options), buffered_(buffered), request_(request) {}

IncomingBody::~IncomingBody() {
  buffered_ -= held_;
}

std::uint64_t IncomingBody::max_bytes() const {
  return request_.sink ? request_.sink->max_bytes() : options_.limits.body_bytes;
}

Problem IncomingBody::too_large_problem() const {
  if (request_.sink) {
    if (auto own = request_.sink->too_large()) return std::move(*own);
  }
  return too_large(max_bytes());
}

std::chrono::steady_clock::time_point IncomingBody::deadline(
    std::chrono::steady_clock::time_point start) const {
  const Timeouts& timeouts = options_.timeouts;
  const std::chrono::milliseconds most = request_.sink ? request_.sink->max_time() : timeouts.body;
  const std::chrono::milliseconds due(bytes_ * 1000 /
                                      std::max<std::size_t>(1, timeouts.body_bytes_per_second));
  return start + std::min(most, std::max(timeouts.body_grace, due));
}

void IncomingBody::expect(std::uint64_t bytes) {
  const std::size_t most = request_.sink ? kPiece : kMaxReserve;
  request_.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(bytes, most)));
}

std::optional<Problem> IncomingBody::make_room(std::size_t count) {
  filled_ = request_.body.size();
  request_.body.resize(filled_ + count);
  if (!hold(request_.body.size())) return busy();
  return std::nullopt;
}

std::span<std::uint8_t> IncomingBody::room() {
  return std::span(request_.body).subspan(filled_);
}

std::optional<Problem> IncomingBody::keep(std::size_t count) {
  request_.body.resize(filled_ + count);
  bytes_ += count;
  if (!request_.sink) return std::nullopt;
  std::optional<Problem> problem = request_.sink->take(request_.body);
  request_.body.clear();
  return problem;
}

std::optional<Problem> IncomingBody::append(ByteSpan content) {
  if (content.empty()) return std::nullopt;
  if (auto problem = make_room(content.size())) return problem;
  std::copy(content.begin(), content.end(), room().begin());
  return keep(content.size());
}

// Returns false, and holds no more than before, if the server would hold too much.
bool IncomingBody::hold(std::size_t bytes) {
  if (bytes <= held_) return true;
  const std::size_t more = bytes - held_;
  const std::size_t limit = std::max(options_.limits.buffered_bytes, options_.limits.body_bytes);
  if (buffered_.fetch_add(more) + more > limit) {
    buffered_ -= more;
    return false;
  }
  held_ = bytes;
  return true;
}

}  // namespace winnow::httpd
