#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace winnow {

[[nodiscard]] std::string to_lower(std::string_view text);  // ASCII
[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

// "1.4 MB", "812 B": powers of 1000.
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);
// "1 picture", "2 pictures", "0 classes".
[[nodiscard]] std::string format_count(std::uint64_t count, std::string_view singular);
// "0:07", "12:30", "1:02:03".
[[nodiscard]] std::string format_duration(std::chrono::seconds duration);
// RFC 3339, UTC, seconds: "2026-11-21T12:00:00Z".
[[nodiscard]] std::string format_time(std::chrono::system_clock::time_point time);

// How many terminal columns UTF-8 text takes, counting each code point as one.
[[nodiscard]] std::size_t display_width(std::string_view text);

// Makes foreign text fit for a terminal and a log line: control characters become '?', length is capped.
[[nodiscard]] std::string printable(std::string_view text, std::size_t max_length = 500);

// Makes foreign text the name of a file or folder: never empty, hidden or longer than 200 bytes, and without
// slashes and control characters.
[[nodiscard]] std::string safe_file_name(std::string_view text);

}  // namespace winnow
