#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "winnow/net/http_client.hpp"
#include "winnow/scraping/candidate.hpp"
#include "winnow/scraping/provider.hpp"

namespace winnow::scraping {

struct SearchQuery {
  std::string label;
  std::string words;
};

struct SearchProvider {
  std::shared_ptr<const Provider> provider;
  std::string permission{};  // goes into the rows of what it finds
};

struct SearchOptions {
  std::uint64_t count = 0;     // good pictures wanted for each label, 0 for all there are
  unsigned max_pages = 500;    // of one query at one provider
  unsigned max_barren = 5;     // pages in a row that hold nothing of use, after which a query is at its end
  unsigned max_ask_again = 5;  // times in a row that a provider may be too busy
  // A provider that wants to be left alone for longer, or does not answer for so long, is done with.
  std::chrono::milliseconds max_wait{std::chrono::minutes(5)};
  std::uint64_t max_answer_bytes = 8'000'000;
  net::HttpTimeouts timeouts{};
};

// Looks for pictures with every query of every label at every provider. Labels, and the queries and providers
// of a label, take turns; one that is at its end or fails leaves its turn to the others. A page of results is
// asked for when it is needed: what settled() tells of the candidates decides that. A provider is asked for
// one thing at a time, within its limit, and never where it redirects to.
//
// Each failure is a finding, with the address that was asked for, without its key. A provider that refuses
// ("blocked", "refused", "rate_limited", http_401, 403, 429, "timeout", "host_down") is not asked again;
// other failures end one query at it.
class SearchSource : public CandidateSource {
 public:
  SearchSource(net::HttpClient& client, std::vector<SearchProvider> providers,
               std::vector<SearchQuery> queries, SearchOptions options);
  ~SearchSource() override;

  std::optional<Finding> next(const std::stop_token& stop) override;
  void enough(const std::string& label) override;
  void settled(const Candidate& candidate, Verdict verdict) override;

 private:
  struct Desk;
  void ask(std::size_t stream);
  void tell(const Provider& provider, const std::string& address);
  void read(std::size_t stream, const Result<net::HttpResponse>& answer);

  net::HttpClient& client_;
  const SearchOptions options_;
  const std::shared_ptr<Desk> desk_;  // outlives the source for as long as a request is under way
};

}  // namespace winnow::scraping
