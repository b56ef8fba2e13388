// Bytes in text: RFC 4648. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "winnow/core/bytes.hpp"

namespace winnow {

// Section 4, with padding.
[[nodiscard]] std::string to_base64(ByteSpan bytes);
// The same alphabet or that of section 5 ("-" and "_"), padding may be missing. Nothing for any other
// character.
[[nodiscard]] std::optional<Bytes> from_base64(std::string_view text);

}  // namespace winnow
