#include "winnow/scraping/page_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>

#include "winnow/image/format.hpp"
#include "winnow/scraping/html_page.hpp"

namespace winnow::scraping {

struct PageSource::Chain {
  std::string label;
  unsigned pages = 0;
  std::set<std::string> seen;
  bool enough = false;
};

// Where the client puts answers. It outlives the source for as long as a request is under way.
struct PageSource::Arrivals {
  struct Arrival {
    std::size_t chain;
    net::Url url;  // what was asked for
    Result<net::HttpResponse> answer;
  };
  std::mutex mutex;
  std::condition_variable_any changed;
  std::deque<Arrival> arrivals;
};

PageSource::PageSource(net::HttpClient& client, std::vector<PageSeed> seeds, PageOptions options)
    : client_(client), options_(options), arrivals_(std::make_shared<Arrivals>()) {
  for (PageSeed& seed : seeds) {
    chains_.push_back({std::move(seed.label), 0, {}, false});
    request(chains_.size() - 1, seed.url);
  }
}

PageSource::~PageSource() = default;

void PageSource::request(std::size_t index, const net::Url& url) {
  Chain& chain = chains_[index];
  if (chain.enough || chain.pages == options_.max_pages || !chain.seen.insert(url.text()).second) return;
  ++chain.pages;
  ++awaited_;
  client_.submit({.url = url,
                  .max_bytes = options_.max_page_bytes,
                  .timeouts = options_.timeouts,
                  .accept = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5"},
                 [arrivals = arrivals_, index, url](Result<net::HttpResponse> answer) {
                   const std::lock_guard lock(arrivals->mutex);
                   arrivals->arrivals.push_back({index, url, std::move(answer)});
                   arrivals->changed.notify_one();
                 });
}

std::optional<Finding> PageSource::next(const std::stop_token& stop) {
  while (findings_.empty()) {
    if (awaited_ == 0) return std::nullopt;
    std::unique_lock lock(arrivals_->mutex);
    if (!arrivals_->changed.wait(lock, stop, [&] { return !arrivals_->arrivals.empty(); }))
      return std::nullopt;
    Arrivals::Arrival arrival = std::move(arrivals_->arrivals.front());
    arrivals_->arrivals.pop_front();
    lock.unlock();
    --awaited_;
    read(arrival.chain, arrival.url, std::move(arrival.answer));
  }
  if (stop.stop_requested()) return std::nullopt;
  Finding finding = std::move(findings_.back());
  findings_.pop_back();
  return finding;
}

void PageSource::read(std::size_t index, const net::Url& url, Result<net::HttpResponse> answer) {
  const Chain& chain = chains_[index];
  if (chain.enough) return;
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
  Result<HtmlPage> page = parse_page(answer->body, answer->url);
  if (!page) return fail(page.failure());
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
  for (Chain& chain : chains_) chain.enough = chain.enough || chain.label == label;
  std::erase_if(findings_, [&](const Finding& finding) { return finding.candidate.label == label; });
}

}  // namespace winnow::scraping
