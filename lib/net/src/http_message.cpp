#include "winnow/net/http_message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace winnow::net {

std::string_view find_header(const std::vector<HttpResponse::Header>& headers, std::string_view name) {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const auto& h) { return h.name == name; });
  return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

std::string_view HttpResponse::header(std::string_view name) const {
  return find_header(headers, name);
}

std::string describe_status(int status) {
  constexpr std::array<std::pair<int, std::string_view>, 19> kPhrases = {{
      {204, "No Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {410, "Gone"},
      {429, "Too Many Requests"},
      {451, "Unavailable For Legal Reasons"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
  }};
  for (const auto& [known, phrase] : kPhrases) {
    if (known == status) return fmt::format("{} {}", status, phrase);
  }
  return std::to_string(status);
}

}  // namespace winnow::net
