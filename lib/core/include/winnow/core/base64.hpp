// Bytes in text: RFC 4648, section 4, with padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "winnow/core/bytes.hpp"

namespace winnow {

[[nodiscard]] std::string to_base64(ByteSpan bytes);

// Nothing if the text is not base64 to the last sign.
[[nodiscard]] std::optional<Bytes> from_base64(std::string_view text);

}  // namespace winnow
