#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace winnow::httpd {

// Undoes percent-encoding (RFC 3986 2.1). Nothing if a '%' is not followed by two hexadecimal digits.
[[nodiscard]] std::optional<std::string> decode_percent(std::string_view text);

// The same for query strings and forms, where '+' stands for a space.
[[nodiscard]] std::optional<std::string> decode_form_text(std::string_view text);

}  // namespace winnow::httpd
