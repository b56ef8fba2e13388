// Content that clients may keep: validators and freshness (RFC 9110 section 13, RFC 9111).
#pragma once

#include <string>
#include <string_view>

#include "winnow/httpd/message.hpp"

namespace winnow::httpd {

enum class Freshness {
  kRevalidate,  // may be kept, but is asked for each time: pages
  kForever,     // never changes: files whose name holds the hash of their content
};

// Immutable, so thread-safe.
class Asset {
 public:
  Asset(std::string content, std::string content_type, Freshness freshness);

  // The content with its strong ETag, or 304 without content if If-None-Match names what the client has.
  [[nodiscard]] Response answer(const Request& request) const;

 private:
  std::string content_;
  std::string etag_;
  Headers headers_;
};

// Whether If-None-Match (a list, or "*") names the entity tag, by weak comparison. What is no entity tag
// matches nothing.
[[nodiscard]] bool names_etag(std::string_view if_none_match, std::string_view etag);

// "app.css" -> "app.1f3870be274f.css".
[[nodiscard]] std::string hashed_name(std::string_view file_name, std::string_view content);

}  // namespace winnow::httpd
