#include "pexels.hpp"

#include <fmt/format.h>

#include "api_address.hpp"
#include "api_answer.hpp"

namespace winnow::scraping {
namespace {

std::optional<SearchHit> read_photo(const Json& photo) {
  const Json* addresses = object_at(photo, "src");
  if (addresses == nullptr) return std::nullopt;
  SearchHit hit;
  Candidate& candidate = hit.candidate;
  for (const char* size : {"large", "large2x", "original", "medium"}) {
    if (candidate.url.empty()) candidate.url = address_at(*addresses, size);
  }
  if (candidate.url.empty()) return std::nullopt;
  candidate.page_url = address_at(photo, "url");
  candidate.title = text_at(photo, "alt");
  candidate.creator = text_at(photo, "photographer", 200);
  candidate.creator_url = address_at(photo, "photographer_url");
  candidate.licence = "provider-terms:pexels";
  candidate.licence_url = "https://www.pexels.com/license/";
  candidate.source = "pexels";
  candidate.source_id = text_at(photo, "id", 40);
  return hit;
}

}  // namespace

Result<ApiRequest> Pexels::request(std::string_view words, std::string_view page) const {
  return ApiAddress(address_or("https://api.pexels.com/v1/search"))
      .add_header("Authorization", settings().key)
      .add("query", words)
      .add("per_page", "80")
      .add("page", std::to_string(page_number(page)))
      .request();
}

Result<SearchPage> Pexels::read(const net::HttpResponse& answer, std::string_view page) const {
  const Result<Json> json = read_api_object(answer);
  if (!json) return json.failure();
  const Json* photos = array_at(*json, "photos");
  if (photos == nullptr) {
    const std::string error = text_at(*json, "error", 200);
    if (error.empty()) return missing_member("photos");
    return Failure{"api_error", "answers: " + error};
  }
  SearchPage found;
  for (const Json& photo : *photos) {
    if (std::optional<SearchHit> hit = read_photo(photo)) found.hits.push_back(std::move(*hit));
  }
  // The address itself is not followed: the key goes only where it belongs.
  if (!photos->empty() && !address_at(*json, "next_page").empty()) {
    found.next = std::to_string(page_number(page) + 1);
  }
  return found;
}

}  // namespace winnow::scraping
