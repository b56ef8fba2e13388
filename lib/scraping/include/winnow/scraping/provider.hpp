// A web service that finds pictures by words, behind one small interface. What each of them allows stands in
// source_terms.hpp.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/core/error.hpp"
#include "winnow/net/http_message.hpp"
#include "winnow/scraping/candidate.hpp"
#include "winnow/scraping/licence.hpp"

namespace winnow::scraping {

struct ApiRequest {
  net::Url url;
  std::string shown;  // the address without its key: for messages and rows
  std::shared_ptr<const std::vector<std::string>> headers{};
};

struct SearchHit {
  Candidate candidate;           // without label, query and permission
  std::string report_address{};  // to be asked for, with the provider's headers, when the picture is fetched
};

struct SearchPage {
  std::vector<SearchHit> hits;  // the best one first
  std::string next{};           // names the page that follows, for request(); empty at the end
  std::optional<std::chrono::milliseconds> ask_again{};  // the server is too busy: the same page after this
};

// How often a provider wants to be asked; 0 requests is as often as the client does.
struct RequestLimit {
  unsigned requests = 0;
  std::chrono::seconds per{0};
};

struct ProviderSettings {
  std::string address{};                          // of the API, where it is not the provider's own
  std::string key{};                              // never in messages, rows or `shown`
  LicencePolicy licences = LicencePolicy::kFree;  // what to ask for, where one can ask
};

// All members are const and thread-safe.
class Provider {
 public:
  explicit Provider(ProviderSettings settings) : settings_(std::move(settings)) {}
  virtual ~Provider() = default;
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;

  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual RequestLimit limit() const = 0;

  // What to ask for: the first page if `page` is empty, else the one that SearchPage::next named. Failure
  // code: "bad_url", for words or pages that make no address.
  [[nodiscard]] virtual Result<ApiRequest> request(std::string_view words, std::string_view page) const = 0;

  // Reads a 2xx answer to that request. What is damaged or of no use in it is passed over. Failure codes:
  // "blocked" (a web page instead of data), "bad_answer" (not what the API promises), "api_error" (it says
  // what is wrong), "refused" (the key), "rate_limited".
  [[nodiscard]] virtual Result<SearchPage> read(const net::HttpResponse& answer,
                                                std::string_view page) const = 0;

  // Whether this error status only says that there are no more pages.
  [[nodiscard]] virtual bool ends_with(int /*status*/, std::string_view /*page*/) const { return false; }

  // The request that tells the provider of a picture being fetched: SearchHit::report_address. Failure code:
  // "bad_url", also for addresses that are not the provider's own.
  [[nodiscard]] virtual Result<ApiRequest> report(std::string_view address) const;

  // The text without the key, should a server have repeated it.
  [[nodiscard]] std::string redact(std::string text) const;

 protected:
  [[nodiscard]] const ProviderSettings& settings() const { return settings_; }
  [[nodiscard]] std::string address_or(std::string_view usual) const;

 private:
  const ProviderSettings settings_;
};

// By the name in source_terms(). Throws Error{kUsage} for a name that is not there.
[[nodiscard]] std::unique_ptr<const Provider> make_provider(std::string_view name, ProviderSettings settings);

}  // namespace winnow::scraping
