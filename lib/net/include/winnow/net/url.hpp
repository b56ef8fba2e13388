#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "winnow/core/error.hpp"

namespace winnow::net {

inline constexpr std::size_t kMaxUrlLength = 8192;

// An absolute http or https address in one normal form, ASCII only: host in lower case and punycode, IPv4
// however it was written ("0x7f000001") as four numbers, dot segments gone, spaces and other characters that
// may not stand in a URL percent-encoded, no default port, no fragment. User names and passwords are dropped:
// they are never sent to anyone.
class Url {
 public:
  // Failure codes: "bad_url", and "refused_scheme" for everything but http and https. Thread-safe.
  static Result<Url> parse(std::string_view text);

  // What a reference on this page or in its Location header points to. Codes as above.
  [[nodiscard]] Result<Url> resolve(std::string_view reference) const;

  [[nodiscard]] const std::string& text() const { return text_; }
  // An IPv6 address keeps its brackets.
  [[nodiscard]] std::string_view host() const {
    return std::string_view(text_).substr(host_begin_, host_size_);
  }
  // "https://example.org:8080": what cookies and robots.txt are valid for.
  [[nodiscard]] std::string_view origin() const { return std::string_view(text_).substr(0, path_begin_); }
  // As sent, with its query; begins with '/'.
  [[nodiscard]] std::string_view path() const {
    return std::string_view(text_).substr(path_begin_, path_size_);
  }

  friend bool operator==(const Url& a, const Url& b) { return a.text_ == b.text_; }

 private:
  explicit Url(std::string text);
  static Result<Url> read(std::string_view base, const std::string& reference);

  std::string text_;
  // Places in the text: addresses wait in large numbers, and are to be small.
  std::uint16_t host_begin_ = 0;
  std::uint16_t host_size_ = 0;
  std::uint16_t path_begin_ = 0;
  std::uint16_t path_size_ = 0;
};

}  // namespace winnow::net
