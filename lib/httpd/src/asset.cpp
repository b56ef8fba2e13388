#include "winnow/httpd/asset.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "syntax.hpp"
#include "winnow/core/hash.hpp"

namespace winnow::httpd {
namespace {

std::string short_hash(std::string_view content) {
  return sha256_hex(as_bytes(content)).substr(0, 12);
}

}  // namespace

Asset::Asset(std::string content, std::string content_type, Freshness freshness)
    : content_(std::move(content)),
      etag_(fmt::format("\"{}\"", short_hash(content_))),
      headers_{{"Content-Type", std::move(content_type)},
               {"ETag", etag_},
               {"Cache-Control",
                freshness == Freshness::kForever ? "public, max-age=31536000, immutable" : "no-cache"}} {}

Response Asset::answer(const Request& request) const {
  const std::optional<std::string> condition = request.headers.find_joined("If-None-Match");
  if (!condition || !names_etag(*condition, etag_)) return {200, headers_, content_};
  Headers headers = headers_;
  headers.remove("Content-Type");
  return {304, std::move(headers), ""};
}

bool names_etag(std::string_view if_none_match, std::string_view etag) {
  std::string_view rest = trim_ows(if_none_match);
  if (rest == "*") return true;
  while (!rest.empty()) {
    if (rest.starts_with(',')) {  // lists may have empty elements
      rest = trim_ows(rest.substr(1));
      continue;
    }
    if (rest.starts_with("W/")) rest.remove_prefix(2);
    const std::size_t end = rest.find('"', 1);
    if (!rest.starts_with('"') || end == std::string_view::npos) return false;
    if (rest.substr(0, end + 1) == etag) return true;
    rest = trim_ows(rest.substr(end + 1));
    if (!rest.empty() && !rest.starts_with(',')) return false;
  }
  return false;
}

std::string hashed_name(std::string_view file_name, std::string_view content) {
  const std::size_t dot = std::min(file_name.rfind('.'), file_name.size());
  return fmt::format("{}.{}{}", file_name.substr(0, dot), short_hash(content), file_name.substr(dot));
}

}  // namespace winnow::httpd
