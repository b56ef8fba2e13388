#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "winnow/net/http_client.hpp"
#include "winnow/scraping/candidate.hpp"

namespace winnow::scraping {

struct HtmlPage;

struct PageSeed {
  std::string label;
  net::Url url;
};

struct PageOptions {
  unsigned max_pages = 20;  // of one seed: itself and those that follow it by rel=next on the same host
  unsigned depth = 0;       // how many links deep other pages of the seed's host are read, too
  std::uint64_t max_page_bytes = 10'000'000;
  // As which opt-outs of a page, in its headers or in it, may name us. Empty, they are not heeded.
  std::string robots_token{};
  net::HttpTimeouts timeouts{};
};

// The pictures of HTML pages. Pages come through the client and keep to its limits, all seeds side by side,
// from the first next() on; of each seed, a page is asked for when the one before it has been read: those
// that follow first, then those that are linked, the nearest first.
class PageSource : public CandidateSource {
 public:
  PageSource(net::HttpClient& client, std::vector<PageSeed> seeds, PageOptions options);
  ~PageSource() override;

  std::optional<Finding> next(const std::stop_token& stop) override;
  void enough(const std::string& label) override;

 private:
  struct Chain;
  struct Arrivals;
  struct Step;
  struct Arrival;
  bool request(std::size_t index, const Step& step);
  void go_on(std::size_t index);
  void plan(std::size_t index, const Step& step, const net::Url& url, const HtmlPage& page);
  [[nodiscard]] bool is_full(const std::string& label) const;
  [[nodiscard]] std::optional<Arrival> next_arrival(const std::stop_token& stop);
  void read(std::size_t index, const Step& step, Result<net::HttpResponse> answer);

  net::HttpClient& client_;
  const PageOptions options_;
  std::vector<Chain> chains_;
  std::shared_ptr<Arrivals> arrivals_;
  std::vector<Finding> findings_;  // of the page read last, the next one at the back
  bool has_begun_ = false;
};

}  // namespace winnow::scraping
