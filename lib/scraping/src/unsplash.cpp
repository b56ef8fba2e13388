#include "unsplash.hpp"

#include <fmt/format.h>

#include "api_address.hpp"
#include "api_answer.hpp"

namespace winnow::scraping {
namespace {

constexpr const char* kAddress = "https://api.unsplash.com/search/photos";

std::optional<SearchHit> read_photo(const Json& photo) {
  const Json* addresses = object_at(photo, "urls");
  if (addresses == nullptr) return std::nullopt;
  SearchHit hit;
  Candidate& candidate = hit.candidate;
  candidate.url = address_at(*addresses, "regular");
  if (candidate.url.empty()) candidate.url = address_at(*addresses, "full");
  if (candidate.url.empty()) return std::nullopt;
  candidate.title = text_at(photo, "alt_description");
  if (candidate.title.empty()) candidate.title = text_at(photo, "description");
  if (const Json* links = object_at(photo, "links")) {
    candidate.page_url = address_at(*links, "html");
    hit.report_address = address_at(*links, "download_location");
  }
  if (const Json* user = object_at(photo, "user")) {
    candidate.creator = text_at(*user, "name", 200);
    if (const Json* links = object_at(*user, "links")) candidate.creator_url = address_at(*links, "html");
  }
  candidate.licence = "provider-terms:unsplash";
  candidate.licence_url = "https://unsplash.com/license";
  candidate.source = "unsplash";
  candidate.source_id = text_at(photo, "id", 40);
  return hit;
}

// "https://api.unsplash.com/", up to where the path begins.
std::string_view origin_of(const net::Url& url) {
  return std::string_view(url.text()).substr(0, url.text().find('/', url.text().find("://") + 3));
}

}  // namespace

Result<ApiRequest> Unsplash::request(std::string_view words, std::string_view page) const {
  return ApiAddress(address_or(kAddress))
      .add_header("Authorization", "Client-ID " + settings().key)
      .add_header("Accept-Version", "v1")
      .add("query", words)
      .add("per_page", "30")
      .add("content_filter", "high")
      .add("page", std::to_string(page_number(page)))
      .request();
}

Result<SearchPage> Unsplash::read(const net::HttpResponse& answer, std::string_view page) const {
  const Result<Json> json = read_api_object(answer);
  if (!json) return json.failure();
  const Json* results = array_at(*json, "results");
  if (results == nullptr) {
    const Json* errors = array_at(*json, "errors");
    if (errors == nullptr || errors->empty() || !errors->front().is_string())
      return missing_member("results");
    return Failure{"api_error", "answers: " + text_at({{"error", errors->front()}}, "error", 200)};
  }
  SearchPage found;
  for (const Json& photo : *results) {
    if (std::optional<SearchHit> hit = read_photo(photo)) found.hits.push_back(std::move(*hit));
  }
  const std::int64_t number = page_number(page);
  if (!results->empty() && number < number_at(*json, "total_pages").value_or(0)) {
    found.next = std::to_string(number + 1);
  }
  return found;
}

Result<ApiRequest> Unsplash::report(std::string_view address) const {
  const Result<net::Url> own = net::Url::parse(address_or(kAddress));
  const Result<net::Url> wanted = net::Url::parse(address);
  if (!wanted) return wanted.failure();
  if (!own || origin_of(*own) != origin_of(*wanted)) {
    return Failure{"bad_url", "is not an address of Unsplash, which alone gets the key"};
  }
  return ApiAddress(std::string(address))
      .add_header("Authorization", "Client-ID " + settings().key)
      .add_header("Accept-Version", "v1")
      .request();
}

}  // namespace winnow::scraping
