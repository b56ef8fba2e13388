#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "winnow/core/base64.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/core/json.hpp"

namespace winnow::serving {

// What the page's script does.
inline Json solve(const Json& challenge) {
  const auto salt = challenge.at("salt").get<std::string>();
  for (std::uint64_t number = 0; number <= challenge.at("maxnumber").get<std::uint64_t>(); ++number) {
    if (sha256_hex(as_bytes(fmt::format("{}{}", salt, number))) != challenge.at("challenge")) continue;
    Json answer = challenge;
    answer.erase("maxnumber");
    answer["number"] = number;
    return answer;
  }
  return {};
}

inline std::string encode(const Json& answer) {
  const std::string text = answer.dump();
  return to_base64(as_bytes(text));
}

}  // namespace winnow::serving
