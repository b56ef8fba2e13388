#include "winnow/httpd/media_type.hpp"

#include <algorithm>

#include "syntax.hpp"
#include "winnow/core/text.hpp"

namespace winnow::httpd {
namespace {

bool is_value_word(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  return is_token(text.substr(0, slash)) && (slash == text.size() || is_token(text.substr(slash + 1)));
}

// Takes a token, or a quoted string without its quotes, from the front.
std::optional<std::string> take_parameter_value(std::string_view& rest) {
  if (!rest.starts_with('"')) {
    const auto end = std::find_if_not(rest.begin(), rest.end(), is_token_character);
    const auto length = static_cast<std::size_t>(end - rest.begin());
    if (length == 0) return std::nullopt;
    const std::string value(rest.substr(0, length));
    rest.remove_prefix(length);
    return value;
  }
  std::string value;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    const char next = i + 1 < rest.size() ? rest[i + 1] : '\0';
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return value;
    }
    if (rest[i] == '\\' && (next == '"' || next == '\\')) ++i;
    value += rest[i];
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> ParameterisedValue::find(std::string_view name) const {
  const auto found = std::ranges::find(parameters, name, &Parameter::name);
  if (found == parameters.end()) return std::nullopt;
  return found->value;
}

std::optional<ParameterisedValue> parse_parameterised(std::string_view text) {
  const std::size_t end = std::min(text.find(';'), text.size());
  ParameterisedValue parsed;
  parsed.value = to_lower(trim_ows(text.substr(0, end)));
  if (!is_value_word(parsed.value)) return std::nullopt;
  std::string_view rest = trim_ows(text.substr(end));
  while (!rest.empty()) {
    if (!rest.starts_with(';')) return std::nullopt;
    rest = trim_ows(rest.substr(1));
    if (rest.empty() || rest.starts_with(';')) continue;
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos || !is_token(rest.substr(0, equals))) return std::nullopt;
    const std::string name = to_lower(rest.substr(0, equals));
    rest.remove_prefix(equals + 1);
    std::optional<std::string> value = take_parameter_value(rest);
    if (!value || parsed.find(name)) return std::nullopt;
    parsed.parameters.push_back({name, std::move(*value)});
    rest = trim_ows(rest);
  }
  return parsed;
}

}  // namespace winnow::httpd
