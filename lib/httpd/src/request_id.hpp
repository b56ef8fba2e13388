#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "winnow/httpd/message.hpp"

namespace winnow::httpd {

// The client's X-Request-Id where it is one that can stand in a log (letters, digits and -_.:/ up to 128 of
// them), else a new one of 32 hexadecimal digits.
[[nodiscard]] std::string choose_request_id(const Headers& headers);

// The trace-id of a traceparent header. Nothing if the header is not well formed: then it has to be ignored.
// https://www.w3.org/TR/trace-context/
[[nodiscard]] std::optional<std::string> parse_trace_id(std::string_view traceparent);

}  // namespace winnow::httpd
