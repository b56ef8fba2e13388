#include "winnow/scraping/page_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>

#include "winnow/image/format.hpp"
#include "winnow/net/opt_out.hpp"
#include "winnow/scraping/html_page.hpp"

namespace winnow::scraping {

struct PageSource::Chain {
  std::string label;
  net::Url first;
  unsigned pages = 0;
  std::set<std::string> seen;
  bool awaited = false;  // a page has been asked for and not been read
};

struct PageSource::Arrival {
  std::size_t chain;
  net::Url url;  // what was asked for
  Result<net::HttpResponse> answer;
};

// Where the client puts answers, and others what they have enough of. It outlives the source for as long as a
// request is under way.
struct PageSource::Arrivals {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::deque<Arrival> arrivals;
  std::set<std::string> full;  // labels
};

PageSource::PageSource(net::HttpClient& client, std::vector<PageSeed> seeds, PageOptions options)
    : client_(client), options_(options), arrivals_(std::make_shared<Arrivals>()) {
  for (PageSeed& seed : seeds) chains_.push_back({std::move(seed.label), std::move(seed.url)});
}

PageSource::~PageSource() = default;

void PageSource::request(std::size_t index, const net::Url& url) {
  Chain& chain = chains_[index];
  if (is_full(chain.label) || chain.pages == options_.max_pages || !chain.seen.insert(url.text()).second)
    return;
  ++chain.pages;
  chain.awaited = true;
  client_.submit({.url = url,
                  .max_bytes = options_.max_page_bytes,
                  .timeouts = options_.timeouts,
                  .accept = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5"},
                 [arrivals = arrivals_, index, url](Result<net::HttpResponse> answer) {
                   // Whoever reads it may be waiting for pictures: pages must not hold up their bodies.
                   if (answer) answer->memory_lease.reset();
                   const std::lock_guard lock(arrivals->mutex);
                   arrivals->arrivals.push_back({index, url, std::move(answer)});
                   arrivals->changed.notify_one();
                 });
}

bool PageSource::is_full(const std::string& label) const {
  const std::lock_guard lock(arrivals_->mutex);
  return arrivals_->full.contains(label);
}

std::optional<PageSource::Arrival> PageSource::next_arrival(const std::stop_token& stop) {
  std::unique_lock lock(arrivals_->mutex);
  const auto awaits_nothing = [&] {
    return std::none_of(chains_.begin(), chains_.end(), [&](const Chain& chain) {
      return chain.awaited && !arrivals_->full.contains(chain.label);
    });
  };
  const bool woken =
      arrivals_->changed.wait(lock, stop, [&] { return !arrivals_->arrivals.empty() || awaits_nothing(); });
  if (!woken || arrivals_->arrivals.empty()) return std::nullopt;
  Arrival arrival = std::move(arrivals_->arrivals.front());
  arrivals_->arrivals.pop_front();
  return arrival;
}

std::optional<Finding> PageSource::next(const std::stop_token& stop) {
  if (!has_begun_) {
    has_begun_ = true;
    for (std::size_t i = 0; i < chains_.size(); ++i) request(i, chains_[i].first);
  }
  while (!stop.stop_requested()) {
    while (!findings_.empty()) {
      Finding finding = std::move(findings_.back());
      findings_.pop_back();
      if (!is_full(finding.candidate.label)) return finding;
      findings_.clear();  // all of one page, and so of one label
    }
    std::optional<Arrival> arrival = next_arrival(stop);
    if (!arrival) return std::nullopt;
    chains_[arrival->chain].awaited = false;
    read(arrival->chain, arrival->url, std::move(arrival->answer));
  }
  return std::nullopt;
}

void PageSource::read(std::size_t index, const net::Url& url, Result<net::HttpResponse> answer) {
  const Chain& chain = chains_[index];
  if (is_full(chain.label)) return;
  const auto fail = [&](Failure failure) {
    findings_.push_back({{.url = url.text(), .label = chain.label, .source = "page"}, std::move(failure)});
  };
  if (!answer) return fail(answer.failure());
  if (answer->status < 200 || answer->status > 299) {
    return fail({fmt::format("http_{}", answer->status), "answers " + net::describe_status(answer->status)});
  }
  if (const image::Format format = image::detect_format(answer->body); image::is_decodable(format)) {
    return fail({"not_a_page", fmt::format("is a {} image, not a page", image::describe(format))});
  }
  Result<HtmlPage> page = parse_page(answer->body, answer->url, {.robots_token = options_.robots_token});
  if (!page) return fail(page.failure());
  if (!options_.robots_token.empty()) {
    const std::string header = net::opt_out(answer->headers, options_.robots_token);
    const std::string& why = header.empty() ? page->opt_out : header;
    if (!why.empty()) return fail({"opted_out", "is a page whose pictures are not to be collected: " + why});
  }
  for (PageImage& image : page->images) {
    findings_.push_back({{.url = image.url.text(),
                          .label = chain.label,
                          .page_url = answer->url.text(),
                          .title = std::move(image.title),
                          .licence = page->licence,
                          .source = "page"},
                         std::nullopt});
  }
  std::reverse(findings_.begin(), findings_.end());
  if (page->next && page->next->host() == answer->url.host()) request(index, *page->next);
}

void PageSource::enough(const std::string& label) {
  const std::lock_guard lock(arrivals_->mutex);
  arrivals_->full.insert(label);
  arrivals_->changed.notify_one();
}

}  // namespace winnow::scraping
