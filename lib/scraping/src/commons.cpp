#include "commons.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "api_address.hpp"
#include "api_answer.hpp"
#include "html_text.hpp"
#include "winnow/net/retry.hpp"

namespace winnow::scraping {
namespace {

constexpr const char* kFields =
    "LicenseShortName|License|LicenseUrl|UsageTerms|Attribution|Artist|NonFree|DeletionReason|ObjectName";
constexpr std::size_t kMaxContinuation = 4000;
constexpr std::chrono::milliseconds kLagPause{5000};  // the least that the manual of maxlag asks for

// A field of extmetadata: a piece of HTML.
std::string metadata(const Json* extmetadata, const char* name) {
  const Json* field = extmetadata == nullptr ? nullptr : object_at(*extmetadata, name);
  return field == nullptr ? std::string() : html_text(text_at(*field, "value", 4000));
}

std::string first_of(std::initializer_list<std::string> texts) {
  const auto found = std::find_if(texts.begin(), texts.end(), [](const auto& text) { return !text.empty(); });
  return found == texts.end() ? std::string() : *found;
}

// "Lasagna" of "File:Lasagna.jpg".
std::string bare_title(std::string title) {
  if (const std::size_t colon = title.find(':'); colon != std::string::npos) title.erase(0, colon + 1);
  if (const std::size_t dot = title.rfind('.'); dot != std::string::npos && dot > 0) title.erase(dot);
  return title;
}

std::string absolute(std::string address) {
  return address.starts_with("//") ? "https:" + address : address;
}

bool is_usable(const Json& page, const Json& info, const Json* extmetadata) {
  for (const char* flaw : {"filemissing", "filehidden", "thumberror", "missing", "invalid"}) {
    if (info.contains(flaw) || page.contains(flaw)) return false;
  }
  const std::string type = text_at(info, "mediatype");
  if (!type.empty() && type != "BITMAP") return false;  // a drawing, a film, a book
  return metadata(extmetadata, "NonFree").empty() && metadata(extmetadata, "DeletionReason").empty();
}

// Nothing if the page is of no use, or if this part of a batch does not have its file: then a later one does.
std::optional<SearchHit> read_page(const Json& page) {
  const Json* infos = array_at(page, "imageinfo");
  if (infos == nullptr || infos->empty() || !infos->front().is_object()) return std::nullopt;
  const Json& info = infos->front();
  const Json* extmetadata = object_at(info, "extmetadata");
  if (!is_usable(page, info, extmetadata)) return std::nullopt;
  SearchHit hit;
  Candidate& candidate = hit.candidate;
  candidate.url = first_of({address_at(info, "thumburl"), address_at(info, "url")});
  if (candidate.url.empty()) return std::nullopt;
  candidate.page_url = address_at(info, "descriptionurl");
  candidate.title = first_of({metadata(extmetadata, "ObjectName"), bare_title(text_at(page, "title"))});
  candidate.creator = first_of(
      {metadata(extmetadata, "Attribution"), metadata(extmetadata, "Artist"), text_at(info, "user", 200)});
  candidate.licence = first_of({metadata(extmetadata, "LicenseShortName"), metadata(extmetadata, "License"),
                                metadata(extmetadata, "UsageTerms")});
  candidate.licence_url = absolute(metadata(extmetadata, "LicenseUrl"));
  candidate.source = "commons";
  candidate.source_id = text_at(page, "pageid", 40);
  return hit;
}

Result<SearchPage> read_error(const Json& error, const net::HttpResponse& answer) {
  const std::string code = text_at(error, "code", 60);
  if (code == "maxlag" || code == "ratelimited") {
    const net::RetryOptions clamp{.min_pause = kLagPause};
    SearchPage page;
    page.ask_again =
        net::parse_retry_after(clamp, answer.header("retry-after"), std::chrono::system_clock::now())
            .value_or(kLagPause);
    return page;
  }
  return Failure{"api_error", fmt::format("answers {}: {}", code.empty() ? "with an error" : code,
                                          html_text(text_at(error, "info", 200)))};
}

// Every member of "continue" has to come back with the next request.
std::string continuation(const Json& json) {
  const Json* members = object_at(json, "continue");
  if (members == nullptr || members->empty()) return {};
  std::string text = to_line(*members);
  return text.size() > kMaxContinuation ? std::string() : text;
}

}  // namespace

Result<ApiRequest> Commons::request(std::string_view words, std::string_view page) const {
  ApiAddress address(address_or("https://commons.wikimedia.org/w/api.php"));
  address.add("action", "query")
      .add("format", "json")
      .add("formatversion", "2")
      .add("maxlag", "5")
      .add("generator", "search")
      .add("gsrnamespace", "6")
      .add("gsrsearch", fmt::format("filetype:bitmap {}", words))
      .add("gsrlimit", "50")  // more would get no thumbnails
      .add("prop", "imageinfo")
      .add("iiprop", "url|size|mime|mediatype|sha1|user|extmetadata")
      .add("iiurlwidth", "960")
      .add("iiextmetadatalanguage", "en")
      .add("iiextmetadatafilter", kFields);
  if (!page.empty()) {
    const Json members = Json::parse(page, nullptr, false);
    if (!members.is_object()) return Failure{"bad_url", "cannot be continued"};
    for (const auto& [name, value] : members.items()) address.add(name, text_at(members, name.c_str(), 2000));
  }
  return address.request();
}

Result<SearchPage> Commons::read(const net::HttpResponse& answer, std::string_view /*page*/) const {
  const Result<Json> json = read_api_object(answer);
  if (!json) return json.failure();
  if (const Json* error = object_at(*json, "error")) return read_error(*error, answer);
  SearchPage page;
  page.next = continuation(*json);
  const Json* query = object_at(*json, "query");
  if (query == nullptr) {  // also the answer to a search that finds nothing
    if (json->contains("query") || !json->contains("batchcomplete")) return missing_member("query");
    return page;
  }
  const Json* pages = array_at(*query, "pages");
  if (pages == nullptr) return missing_member("pages");
  std::vector<std::pair<std::int64_t, SearchHit>> ranked;  // they come in the order of their numbers
  for (const Json& entry : *pages) {
    if (std::optional<SearchHit> hit = read_page(entry)) {
      const std::int64_t rank = number_at(entry, "index").value_or(std::numeric_limits<std::int64_t>::max());
      ranked.emplace_back(rank, std::move(*hit));
    }
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [rank, hit] : ranked) page.hits.push_back(std::move(hit));
  return page;
}

}  // namespace winnow::scraping
