#include "upload_name.hpp"

#include <algorithm>
#include <vector>

#include "winnow/core/json.hpp"
#include "winnow/core/text.hpp"

namespace winnow::jobs {
namespace {

constexpr std::size_t kMostShownBytes = 200;

std::vector<std::string_view> folders_and_file(std::string_view name) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t slash = name.find_first_of("/\\");
    parts.push_back(name.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    name.remove_prefix(slash + 1);
  }
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// U+202A to U+202E and U+2066 to U+2069: "gpj.exe" can be made to look like "exe.jpg" by them.
bool turns_direction(std::string_view code_point) {
  return (code_point >= "\xe2\x80\xaa" && code_point <= "\xe2\x80\xae") ||
         (code_point >= "\xe2\x81\xa6" && code_point <= "\xe2\x81\xa9");
}

}  // namespace

bool leads_outside(std::string_view name) {
  if (name.starts_with('/') || name.starts_with('\\')) return true;
  if (name.size() >= 2 && is_letter(name[0]) && name[1] == ':') return true;
  return std::ranges::count(folders_and_file(name), std::string_view("..")) > 0;
}

bool is_hidden(std::string_view name) {
  return std::ranges::any_of(folders_and_file(name), [](std::string_view part) {
    return (part.starts_with('.') && part != ".") || part == "__MACOSX" || part == "Thumbs.db" ||
           part == "desktop.ini";
  });
}

std::string shown_name(std::string_view name) {
  while (name.starts_with("./")) name.remove_prefix(2);
  std::string text(name.substr(0, 4 * kMostShownBytes));
  if (!is_utf8(name)) {  // an old encoding that the archive does not name
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  }
  for (std::size_t at = 0; at + 3 <= text.size(); ++at) {
    if (turns_direction(std::string_view(text).substr(at, 3))) text.replace(at, 3, "?");
  }
  text = printable(text, kMostShownBytes);
  return text.empty() ? "?" : text;
}

}  // namespace winnow::jobs
