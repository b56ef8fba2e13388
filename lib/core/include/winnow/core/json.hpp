#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace winnow {

// Members keep the order in which they were written: files stay readable and comparable.
using Json = nlohmann::ordered_json;

// One line without spaces; invalid UTF-8 (file names can hold it) becomes U+FFFD.
[[nodiscard]] std::string to_line(const Json& json);

// Calls row(json, line_number) for each line of a JSON-lines file. A last line without its newline is what a
// killed writer leaves, and is passed over. Throws Error{kInvalid} "path:line: ..." on anything else that is
// not JSON.
void read_json_lines(const std::filesystem::path& path,
                     const std::function<void(const Json&, std::size_t)>& row);

// Whether text can stand in JSON as it is.
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace winnow
