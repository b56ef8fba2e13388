// The start line and header fields of a request: Beast's grammar, and on top of it the rules that keep two
// servers in a row from reading two different requests in the same bytes (RFC 9112 sections 2.2, 3, 6
// and 11.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "winnow/httpd/message.hpp"

namespace winnow::httpd {

struct RequestHead {
  Request request;  // the body is still to come
  bool http_1_1 = true;
  bool keep_alive = true;
  bool chunked = false;
  bool expects_continue = false;
  std::uint64_t content_length = 0;

  [[nodiscard]] bool has_body() const { return chunked || content_length > 0; }
};

// Finds the end of a head in bytes that arrive piece by piece.
class HeadScanner {
 public:
  enum class Status { kIncomplete, kComplete, kMalformed };

  // received: everything so far, only ever growing. Malformed are a line feed without its carriage return
  // and a folded line, both of which servers disagree about.
  Status scan(std::string_view received);

  // Bytes up to and including the empty line, once complete.
  [[nodiscard]] std::size_t size() const { return position_; }
  // Bytes of the start line, or of what there is of it.
  [[nodiscard]] std::size_t start_line_size() const {
    return start_line_end_ > 0 ? start_line_end_ : position_;
  }

 private:
  std::size_t position_ = 0;
  std::size_t start_line_end_ = 0;
  std::size_t line_start_ = 0;
};

// head: what HeadScanner found complete.
[[nodiscard]] std::variant<RequestHead, Problem> parse_head(std::string_view head, std::size_t max_fields);

}  // namespace winnow::httpd
