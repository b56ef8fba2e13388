#include "json_body.hpp"

#include <fmt/format.h>

namespace winnow::serving {
namespace {

// Objects that keep their order look through all names for each new one.
constexpr std::size_t kMaxNames = 10'000;

// Counts what a parser would have to build. What is no JSON is left to the parser.
bool within_limits(std::string_view text, std::size_t max_values, std::size_t max_depth) {
  std::size_t values = 0;
  std::size_t names = 0;
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && depth > 0) --depth;
    if (c == ',' || c == '[' || c == '{') ++values;
    if (c == ':') ++names;
    if (values > max_values || names > kMaxNames || depth > max_depth) return false;
  }
  return true;
}

}  // namespace

Result<Json> parse_json_body(ByteSpan body, std::size_t max_values, std::size_t max_depth) {
  const std::string_view text = as_text(body);
  if (!within_limits(text, max_values, max_depth)) {
    return Failure{"too_large", fmt::format("The JSON has more than {} values, or more than {} levels.",
                                            max_values, max_depth)};
  }
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Failure{"malformed", "The body is not well-formed JSON in UTF-8."};
  return json;
}

}  // namespace winnow::serving
