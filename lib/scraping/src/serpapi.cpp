#include "serpapi.hpp"

#include <fmt/format.h>

#include "api_address.hpp"
#include "api_answer.hpp"

namespace winnow::scraping {
namespace {

constexpr std::int64_t kMaxPages = 20;  // Google shows no more

std::optional<SearchHit> read_result(const Json& result) {
  SearchHit hit;
  Candidate& candidate = hit.candidate;
  candidate.url = address_at(result, "original");
  if (candidate.url.empty()) return std::nullopt;
  candidate.page_url = address_at(result, "link");
  candidate.title = text_at(result, "title");
  candidate.licence_url = address_at(result, "license_details_url");
  candidate.source = "serpapi";
  return hit;
}

// What it says when there are no more pages; with status 200, as all of it.
bool is_end(std::string_view error) {
  return error.find("hasn't returned any results") != std::string_view::npos;
}

bool is_refusal(std::string_view error) {
  return error.find("API key") != std::string_view::npos ||
         error.find("run out of searches") != std::string_view::npos;
}

}  // namespace

Result<ApiRequest> SerpApi::request(std::string_view words, std::string_view page) const {
  ApiAddress address(address_or("https://serpapi.com/search.json"));
  address.add("engine", "google_images")
      .add("q", words)
      .add("ijn", std::to_string(page_number(page) - 1))
      .add("safe", "active");
  // Google's own filter for Creative Commons; it says nothing certain.
  if (settings().licences != LicencePolicy::kAny) address.add("tbs", "sur:cl");
  return address.add_secret("api_key", settings().key).request();
}

Result<SearchPage> SerpApi::read(const net::HttpResponse& answer, std::string_view page) const {
  const Result<Json> json = read_api_object(answer);
  if (!json) return json.failure();
  SearchPage found;
  const Json* results = array_at(*json, "images_results");
  if (results == nullptr) {
    const std::string error = text_at(*json, "error", 200);
    if (error.empty()) return missing_member("images_results");
    if (is_end(error)) return found;
    return Failure{is_refusal(error) ? "refused" : "api_error", "answers: " + error};
  }
  for (const Json& result : *results) {
    if (std::optional<SearchHit> hit = read_result(result)) found.hits.push_back(std::move(*hit));
  }
  const std::int64_t number = page_number(page);
  if (!results->empty() && number < kMaxPages) found.next = std::to_string(number + 1);
  return found;
}

}  // namespace winnow::scraping
