#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace winnow::jobs {

// What the words in braces mean to an engine.
[[nodiscard]] std::string for_engine(std::string_view sql, std::string_view lock, std::string_view share);

// What was prepared, by the text it was prepared from.
template <class T>
using Statements = std::map<std::string, T, std::less<>>;

}  // namespace winnow::jobs
