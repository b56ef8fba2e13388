#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

#include "winnow/httpd/server.hpp"

namespace winnow::httpd {

[[nodiscard]] Problem too_large(std::uint64_t limit);
[[nodiscard]] Problem busy();

// The body of a request while it comes in: in memory, counted against the server's limit, or in the sink of
// whoever serves it.
class IncomingBody {
 public:
  static constexpr std::size_t kPiece = 64 << 10;  // received at a time

  // buffered: by all requests of the server. All must outlive it.
  IncomingBody(const ServerOptions& options, std::atomic<std::size_t>& buffered, Request& request);
  ~IncomingBody();
  IncomingBody(const IncomingBody&) = delete;
  IncomingBody& operator=(const IncomingBody&) = delete;

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }  // so far
  [[nodiscard]] std::uint64_t max_bytes() const;
  [[nodiscard]] Problem too_large_problem() const;
  // When it has to have come further than now, having begun at `start`.
  [[nodiscard]] std::chrono::steady_clock::time_point deadline(
      std::chrono::steady_clock::time_point start) const;

  // Spares copies of what was received, as far as a mere claim is believed.
  void expect(std::uint64_t bytes);
  // Room for `count` more, which may be filled in part. A problem refuses the request.
  [[nodiscard]] std::optional<Problem> make_room(std::size_t count);
  [[nodiscard]] std::span<std::uint8_t> room();
  // That much of the room has been filled.
  [[nodiscard]] std::optional<Problem> keep(std::size_t count);
  [[nodiscard]] std::optional<Problem> append(ByteSpan content);

 private:
  [[nodiscard]] bool hold(std::size_t bytes);

  const ServerOptions& options_;
  std::atomic<std::size_t>& buffered_;
  Request& request_;
  std::size_t held_ = 0;  // of buffered_
  std::size_t filled_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace winnow::httpd
