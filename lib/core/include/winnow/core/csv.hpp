#pragma once

#include <string>
#include <string_view>

namespace winnow {

// One cell of a line of comma-separated values (RFC 4180), quoted where it has to be.
[[nodiscard]] std::string csv_cell(std::string_view text);

}  // namespace winnow
