#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "winnow/core/bytes.hpp"

namespace winnow::jobs {

// RFC 2104 with SHA-256. Thread-safe. Throws Error{kUnsupported}.
[[nodiscard]] std::array<std::uint8_t, 32> hmac_sha256(std::string_view key, std::string_view text);

// Whether two texts are the same, in a time that says nothing of where they differ; of their lengths it does.
[[nodiscard]] bool same_secret(ByteSpan a, ByteSpan b);

}  // namespace winnow::jobs
