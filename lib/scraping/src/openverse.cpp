#include "openverse.hpp"

#include <fmt/format.h>

#include "api_address.hpp"
#include "api_answer.hpp"
#include "winnow/core/text.hpp"

namespace winnow::scraping {
namespace {

constexpr std::int64_t kPageSize = 20;  // more needs a key
constexpr std::int64_t kMaxResults = 240;

const char* licences_for(LicencePolicy policy) {
  switch (policy) {
    case LicencePolicy::kPublicDomain:
      return "cc0,pdm";
    case LicencePolicy::kFree:
      return "by,by-sa,cc0,pdm";
    case LicencePolicy::kNonCommercial:
      return "by,by-sa,by-nc,by-nc-sa,cc0,pdm";
    case LicencePolicy::kAny:
      break;
  }
  return "";
}

// "CC BY-SA 2.0" of "by-sa" and "2.0".
std::string licence_of(const Json& result) {
  const std::string licence = text_at(result, "license", 40);
  if (licence.empty()) return {};
  if (licence == "cc0") return "CC0";
  if (licence == "pdm") return "Public Domain Mark";
  std::string name = "CC ";
  for (const char c : licence) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  const std::string version = text_at(result, "license_version", 10);
  return version.empty() ? name : name + " " + version;
}

std::optional<SearchHit> read_result(const Json& result) {
  SearchHit hit;
  Candidate& candidate = hit.candidate;
  candidate.url = address_at(result, "url");
  if (candidate.url.empty()) return std::nullopt;
  candidate.page_url = address_at(result, "foreign_landing_url");
  candidate.title = text_at(result, "title");
  candidate.creator = text_at(result, "creator", 500);
  candidate.creator_url = address_at(result, "creator_url");
  candidate.licence = licence_of(result);
  candidate.licence_url = address_at(result, "license_url");
  candidate.source = "openverse";
  candidate.source_id = text_at(result, "id", 60);
  return hit;
}

}  // namespace

Result<ApiRequest> Openverse::request(std::string_view words, std::string_view page) const {
  ApiAddress address(address_or("https://api.openverse.org/v1/images/"));
  address.add("q", words)
      .add("page_size", std::to_string(kPageSize))
      .add("page", std::to_string(page_number(page)));
  if (const char* licences = licences_for(settings().licences); *licences != '\0') {
    address.add("license", licences);
  }
  return address.request();
}

Result<SearchPage> Openverse::read(const net::HttpResponse& answer, std::string_view page) const {
  const Result<Json> json = read_api_object(answer);
  if (!json) return json.failure();
  const Json* results = array_at(*json, "results");
  if (results == nullptr) {
    const std::string detail = text_at(*json, "detail", 200);
    if (detail.empty()) return missing_member("results");
    return Failure{"api_error", "answers: " + detail};
  }
  SearchPage found;
  for (const Json& result : *results) {
    if (std::optional<SearchHit> hit = read_result(result)) found.hits.push_back(std::move(*hit));
  }
  const std::int64_t number = page_number(page);
  const bool is_last = results->empty() || number >= number_at(*json, "page_count").value_or(0) ||
                       (number + 1) * kPageSize > kMaxResults;
  if (!is_last) found.next = std::to_string(number + 1);
  return found;
}

}  // namespace winnow::scraping
