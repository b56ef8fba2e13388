#pragma once

#include <string>
#include <string_view>

namespace winnow::storage {

// Throws Error{kInvalid} for a key that breaks the rules of ObjectStore.
void require_key(std::string_view key);
// The same, and that it is no cold copy's.
void require_hot_key(std::string_view key);

[[nodiscard]] bool is_cold_key(std::string_view key);
[[nodiscard]] std::string cold_key_of(std::string_view key);

}  // namespace winnow::storage
