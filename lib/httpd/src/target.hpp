#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace winnow::httpd {

struct Target {
  std::string path;
  std::string query;
};

// Splits and decodes a request target (RFC 9112 3.2): origin form, absolute form, or "*" for OPTIONS. Empty
// and "." segments are dropped. Nothing for what could mean two things to two servers: "..", an encoded
// slash, a backslash, control characters, broken encoding, bytes beyond ASCII.
[[nodiscard]] std::optional<Target> parse_target(std::string_view method, std::string_view target);

}  // namespace winnow::httpd
