#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "winnow/core/bytes.hpp"

namespace winnow::serving {

// RFC 4648 section 4, with padding.
[[nodiscard]] std::string encode_base64(ByteSpan bytes);
// The same alphabet or that of section 5 ("-" and "_"), padding may be missing. Nothing for any other
// character.
[[nodiscard]] std::optional<Bytes> decode_base64(std::string_view text);

}  // namespace winnow::serving
