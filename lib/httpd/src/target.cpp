#include "target.hpp"

#include <algorithm>

#include "percent.hpp"
#include "syntax.hpp"
#include "winnow/core/text.hpp"

namespace winnow::httpd {
namespace {

// "http://host:1/a?b" -> "/a?b", as a proxy may send it.
std::optional<std::string> strip_authority(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    const std::string_view rest = target.substr(scheme.size());
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    if (end == 0) return std::nullopt;
    const std::string_view tail = rest.substr(end);
    std::string local = tail.starts_with('/') ? "" : "/";
    return local.append(tail);
  }
  return std::nullopt;
}

std::optional<std::string> normalise_path(std::string_view path) {
  std::string normal;
  bool ends_in_folder = false;
  for (const std::string_view segment : split(path.substr(1), '/')) {
    const std::optional<std::string> decoded = decode_percent(segment);
    if (!decoded || *decoded == "..") return std::nullopt;
    const bool unsafe = std::any_of(decoded->begin(), decoded->end(),
                                    [](char c) { return c == '/' || c == '\\' || is_control_character(c); });
    if (unsafe) return std::nullopt;
    ends_in_folder = decoded->empty() || *decoded == ".";
    if (!ends_in_folder) normal.append("/").append(*decoded);
  }
  if (ends_in_folder) normal += "/";
  return normal;
}

}  // namespace

std::optional<Target> parse_target(std::string_view method, std::string_view target) {
  if (target == "*") return method == "OPTIONS" ? std::optional(Target{"*", ""}) : std::nullopt;
  const bool is_ascii =
      std::all_of(target.begin(), target.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (!is_ascii || target.find('#') != std::string_view::npos) return std::nullopt;
  std::string local(target);
  if (!local.starts_with('/')) {
    std::optional<std::string> stripped = strip_authority(target);
    if (!stripped) return std::nullopt;
    local = std::move(*stripped);
  }
  const std::size_t question = std::min(local.find('?'), local.size());
  std::optional<std::string> path = normalise_path(std::string_view(local).substr(0, question));
  if (!path) return std::nullopt;
  return Target{std::move(*path), local.substr(std::min(question + 1, local.size()))};
}

}  // namespace winnow::httpd
