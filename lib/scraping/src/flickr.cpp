#include "flickr.hpp"

#include <fmt/format.h>

#include <array>

#include "api_address.hpp"
#include "api_answer.hpp"

namespace winnow::scraping {
namespace {

constexpr std::int64_t kPageSize = 500;
constexpr std::int64_t kMaxResults = 4000;
constexpr std::chrono::milliseconds kBusyPause{10'000};

struct FlickrLicence {
  const char* name;
  const char* url;
};

// By Flickr's numbers; 11 to 16 are there since June 2025.
constexpr std::array<FlickrLicence, 17> kLicences = {{
    {"All rights reserved", ""},
    {"CC BY-NC-SA 2.0", "https://creativecommons.org/licenses/by-nc-sa/2.0/"},
    {"CC BY-NC 2.0", "https://creativecommons.org/licenses/by-nc/2.0/"},
    {"CC BY-NC-ND 2.0", "https://creativecommons.org/licenses/by-nc-nd/2.0/"},
    {"CC BY 2.0", "https://creativecommons.org/licenses/by/2.0/"},
    {"CC BY-SA 2.0", "https://creativecommons.org/licenses/by-sa/2.0/"},
    {"CC BY-ND 2.0", "https://creativecommons.org/licenses/by-nd/2.0/"},
    {"No known copyright restrictions", "https://www.flickr.com/commons/usage/"},
    {"United States Government Work", "https://www.usa.gov/government-copyright"},
    {"CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"},
    {"Public Domain Mark", "https://creativecommons.org/publicdomain/mark/1.0/"},
    {"CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"},
    {"CC BY-SA 4.0", "https://creativecommons.org/licenses/by-sa/4.0/"},
    {"CC BY-ND 4.0", "https://creativecommons.org/licenses/by-nd/4.0/"},
    {"CC BY-NC 4.0", "https://creativecommons.org/licenses/by-nc/4.0/"},
    {"CC BY-NC-SA 4.0", "https://creativecommons.org/licenses/by-nc-sa/4.0/"},
    {"CC BY-NC-ND 4.0", "https://creativecommons.org/licenses/by-nc-nd/4.0/"},
}};

// The numbers of what the policy lets through, for the request.
std::string licences_for(LicencePolicy policy) {
  if (policy == LicencePolicy::kAny) return {};
  std::string numbers;
  for (std::size_t i = 0; i < kLicences.size(); ++i) {
    if (!allows(policy, parse_licence(kLicences[i].name))) continue;
    numbers += fmt::format("{}{}", numbers.empty() ? "" : ",", i);
  }
  return numbers;
}

// The largest that is not an original, which can be of any size.
std::string best_address(const Json& photo) {
  for (const char* size : {"url_l", "url_c", "url_z", "url_o", "url_n"}) {
    if (std::string address = address_at(photo, size); !address.empty()) return address;
  }
  return {};
}

std::optional<SearchHit> read_photo(const Json& photo) {
  SearchHit hit;
  Candidate& candidate = hit.candidate;
  candidate.url = best_address(photo);
  if (candidate.url.empty()) return std::nullopt;
  const std::string owner = text_at(photo, "owner", 100);
  const std::string alias = text_at(photo, "pathalias", 100);
  candidate.source = "flickr";
  candidate.source_id = text_at(photo, "id", 40);
  candidate.title = text_at(photo, "title");
  candidate.creator = text_at(photo, "ownername", 500);
  if (!owner.empty()) {
    const std::string who = percent_encode(alias.empty() ? owner : alias);
    candidate.creator_url = fmt::format("https://www.flickr.com/photos/{}", who);
    candidate.page_url =
        fmt::format("https://www.flickr.com/photos/{}/{}", who, percent_encode(candidate.source_id));
  }
  const auto licence = number_at(photo, "license");
  if (licence && *licence >= 0 && *licence < static_cast<std::int64_t>(kLicences.size())) {
    candidate.licence = kLicences[static_cast<std::size_t>(*licence)].name;
    candidate.licence_url = kLicences[static_cast<std::size_t>(*licence)].url;
  }
  return hit;
}

Result<SearchPage> read_failure(const Json& json) {
  const std::int64_t code = number_at(json, "code").value_or(-1);
  const std::string message = text_at(json, "message", 200);
  const bool is_busy = code == 105 || ((code == 0 || code == 201) &&
                                       message.find("not currently available") != std::string::npos);
  if (is_busy) {
    SearchPage page;
    page.ask_again = kBusyPause;
    return page;
  }
  const bool is_key = code >= 95 && code <= 100;  // signatures, logins, keys
  return Failure{is_key ? "refused" : "api_error", fmt::format("answers error {}: {}", code, message)};
}

}  // namespace

Result<ApiRequest> Flickr::request(std::string_view words, std::string_view page) const {
  ApiAddress address(address_or("https://api.flickr.com/services/rest/"));
  address.add("method", "flickr.photos.search")
      .add_secret("api_key", settings().key)
      .add("format", "json")
      .add("nojsoncallback", "1")
      .add("text", words)
      .add("media", "photos")
      .add("content_type", "1")
      .add("safe_search", "1")
      .add("sort", "relevance")
      .add("per_page", std::to_string(kPageSize))
      .add("page", std::to_string(page_number(page)))
      .add("extras", "license,owner_name,path_alias,url_o,url_l,url_c,url_z,url_n");
  if (const std::string licences = licences_for(settings().licences); !licences.empty()) {
    address.add("license", licences);
  }
  return address.request();
}

Result<SearchPage> Flickr::read(const net::HttpResponse& answer, std::string_view page) const {
  const Result<Json> json = read_api_object(answer);
  if (!json) return json.failure();
  if (text_at(*json, "stat") == "fail") return read_failure(*json);
  const Json* photos = object_at(*json, "photos");
  if (photos == nullptr) return missing_member("photos");
  const Json* list = array_at(*photos, "photo");
  if (list == nullptr) return missing_member("photo");
  SearchPage found;
  for (const Json& photo : *list) {
    if (std::optional<SearchHit> hit = read_photo(photo)) found.hits.push_back(std::move(*hit));
  }
  const std::int64_t number = page_number(page);
  const bool is_last = list->empty() || number >= number_at(*photos, "pages").value_or(0) ||
                       (number + 1) * kPageSize > kMaxResults;
  if (!is_last) found.next = std::to_string(number + 1);
  return found;
}

}  // namespace winnow::scraping
