#pragma once

#include <string>

#include "winnow/core/bytes.hpp"

namespace winnow {

// FIPS 180-4, as 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256_hex(ByteSpan bytes);

}  // namespace winnow
