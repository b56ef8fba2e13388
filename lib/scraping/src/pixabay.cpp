#include "pixabay.hpp"

#include <fmt/format.h>

#include "api_address.hpp"
#include "api_answer.hpp"

namespace winnow::scraping {
namespace {

constexpr std::int64_t kPageSize = 200;
constexpr std::int64_t kMaxResults = 500;  // where the answer says nothing
constexpr std::size_t kMaxWords = 100;

std::optional<SearchHit> read_hit(const Json& entry) {
  SearchHit hit;
  Candidate& candidate = hit.candidate;
  candidate.url = address_at(entry, "largeImageURL");
  if (candidate.url.empty()) candidate.url = address_at(entry, "webformatURL");
  if (candidate.url.empty()) return std::nullopt;
  candidate.page_url = address_at(entry, "pageURL");
  candidate.title = text_at(entry, "tags");
  candidate.creator = text_at(entry, "user", 200);
  const std::string user = text_at(entry, "user_id", 40);
  if (!candidate.creator.empty() && !user.empty()) {
    candidate.creator_url = fmt::format("https://pixabay.com/users/{}-{}/", percent_encode(candidate.creator),
                                        percent_encode(user));
  }
  candidate.licence = "provider-terms:pixabay";
  candidate.licence_url = "https://pixabay.com/service/license-summary/";
  candidate.source = "pixabay";
  candidate.source_id = text_at(entry, "id", 40);
  return hit;
}

}  // namespace

Result<ApiRequest> Pixabay::request(std::string_view words, std::string_view page) const {
  if (words.size() > kMaxWords) {
    return Failure{"bad_url", fmt::format("takes no more than {} characters to search for", kMaxWords)};
  }
  return ApiAddress(address_or("https://pixabay.com/api/"))
      .add_secret("key", settings().key)
      .add("q", words)
      .add("image_type", "photo")
      .add("safesearch", "true")
      .add("per_page", std::to_string(kPageSize))
      .add("page", std::to_string(page_number(page)))
      .request();
}

Result<SearchPage> Pixabay::read(const net::HttpResponse& answer, std::string_view page) const {
  const Result<Json> json = read_api_object(answer);
  if (!json) return json.failure();
  const Json* hits = array_at(*json, "hits");
  if (hits == nullptr) return missing_member("hits");
  SearchPage found;
  for (const Json& entry : *hits) {
    if (std::optional<SearchHit> hit = read_hit(entry)) found.hits.push_back(std::move(*hit));
  }
  const std::int64_t number = page_number(page);
  const std::int64_t reachable = number_at(*json, "totalHits").value_or(kMaxResults);
  if (!hits->empty() && number < 1000 && number * kPageSize < reachable) {
    found.next = std::to_string(number + 1);
  }
  return found;
}

}  // namespace winnow::scraping
