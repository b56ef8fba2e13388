#include "winnow/core/text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace winnow {

std::string to_lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string format_bytes(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  constexpr std::array kUnits = {"kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string format_count(std::uint64_t count, std::string_view singular) {
  const char* ending = count == 1 ? "" : singular.ends_with('s') ? "es" : "s";
  return fmt::format("{} {}{}", count, singular, ending);
}

std::string format_duration(std::chrono::seconds duration) {
  const long total = duration.count();
  if (total >= 3600) return fmt::format("{}:{:02}:{:02}", total / 3600, total / 60 % 60, total % 60);
  return fmt::format("{}:{:02}", total / 60, total % 60);
}

std::string format_time(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string printable(std::string_view text, std::size_t max_length) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  std::size_t end = std::min(text.size(), max_length);
  for (int i = 0; i < 3 && end > 0 && end < text.size() && (byte(end) & 0xc0) == 0x80; ++i)
    --end;  // whole code points
  std::string clean;
  clean.reserve(end + 3);
  for (std::size_t i = 0; i < end; ++i) {
    // U+0080 to U+009F, two bytes in UTF-8, are control characters too: U+009B acts as ESC [ does.
    const bool high_control = byte(i) == 0xc2 && i + 1 < end && byte(i + 1) >= 0x80 && byte(i + 1) < 0xa0;
    clean += high_control || byte(i) < 0x20 || byte(i) == 0x7f ? '?' : text[i];
    if (high_control) ++i;
  }
  if (end < text.size()) clean += "...";
  return clean;
}

std::string safe_file_name(std::string_view text) {
  constexpr std::size_t kMaxBytes = 197;  // and three dots where it is cut
  std::string name = printable(trim(text), kMaxBytes);
  for (char& c : name) {
    if (c == '/' || c == '\\') c = '_';
  }
  if (name.empty()) return "_";
  if (name.front() == '.') name.front() = '_';
  return name;
}

}  // namespace winnow
