#include "api_answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "winnow/core/bytes.hpp"
#include "winnow/core/text.hpp"

namespace winnow::scraping {
namespace {

const Json* member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Result<Json> read_api_object(const net::HttpResponse& answer) {
  const std::string_view body = as_text(answer.body);
  const std::string_view trimmed = trim(body.substr(0, 1000));
  if (trimmed.starts_with('<')) return Failure{"blocked", "answers with a web page instead of data"};
  Json json = Json::parse(body, nullptr, false);
  if (json.is_discarded()) return Failure{"bad_answer", "answers with what is not JSON"};
  if (!json.is_object()) return Failure{"bad_answer", "answers with JSON that is not an object"};
  return json;
}

std::string text_at(const Json& object, const char* name, std::size_t max) {
  const Json* found = member(object, name);
  if (found == nullptr) return {};
  if (found->is_number()) return found->dump();
  if (!found->is_string()) return {};
  std::string text(trim(found->get_ref<const std::string&>()));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return printable(text, max);
}

std::string address_at(const Json& object, const char* name) {
  const Json* found = member(object, name);
  if (found == nullptr || !found->is_string()) return {};
  const std::string_view text = trim(found->get_ref<const std::string&>());
  return text.size() > net::kMaxUrlLength ? std::string() : std::string(text);
}

std::optional<std::int64_t> number_at(const Json& object, const char* name) {
  const Json* found = member(object, name);
  if (found == nullptr) return std::nullopt;
  if (found->is_number_integer()) return found->get<std::int64_t>();
  if (found->is_string()) return parse_number(trim(found->get_ref<const std::string&>()));
  return std::nullopt;
}

const Json* object_at(const Json& object, const char* name) {
  const Json* found = member(object, name);
  return found != nullptr && found->is_object() ? found : nullptr;
}

const Json* array_at(const Json& object, const char* name) {
  const Json* found = member(object, name);
  return found != nullptr && found->is_array() ? found : nullptr;
}

Failure missing_member(std::string_view name) {
  return {"bad_answer", fmt::format("answers without \"{}\"", name)};
}

std::int64_t page_number(std::string_view page) {
  return std::max<std::int64_t>(1, parse_number(page).value_or(1));
}

}  // namespace winnow::scraping
