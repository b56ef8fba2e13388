#pragma once

#include "winnow/core/bytes.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/json.hpp"

namespace winnow::serving {

// JSON as strangers send it: each value takes more memory than its text, so there may be only so many, and
// they may lie only so deep. The message of the failure is for people.
[[nodiscard]] Result<Json> parse_json_body(ByteSpan body, std::size_t max_values = 2'000'000,
                                           std::size_t max_depth = 32);

}  // namespace winnow::serving
