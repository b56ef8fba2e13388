#pragma once

#include <string>
#include <string_view>

namespace winnow::scraping {

// A label is also the name of a folder. Says why it cannot be one, or "" if it can: it must not be empty,
// begin with a dot or a space or end with a space, hold a slash, a backslash, a control character or broken
// UTF-8, be longer than 200 bytes, or be the name of a file that an image set has anyway.
[[nodiscard]] std::string label_problem(std::string_view label);

// Throws Error{kUsage} "where: ..." if there is a problem with the label.
void check_label(const std::string& where, std::string_view label);

}  // namespace winnow::scraping
