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

// A page on the way from a seed.
struct PageSource::Step {
  net::Url url;
  unsigned depth = 0;  // links from the seed
};

struct PageSource::Chain {
  std::string label;
  net::Url first;
  std::deque<Step> waiting;       // pages to read
  std::set<std::string> planned;  // links that are or were among them
  unsigned pages = 0;
  std::set<std::string> seen;
  bool enough = false;
};

// Where the client puts answers. It outlives the source for as long as a request is under way.
struct PageSource::Arrivals {
  struct Arrival {
    std::size_t chain;
    Step step;  // what was asked for
    Result<net::HttpResponse> answer;
  };
  std::mutex mutex;
  std::condition_variable_any changed;
  std::deque<Arrival> arrivals;
};

PageSource::PageSource(net::HttpClient& client, std::vector<PageSeed> seeds, PageOptions options)
    : client_(client), options_(options), arrivals_(std::make_shared<Arrivals>()) {
  for (PageSeed& seed : seeds) {
    chains_.push_back({std::move(seed.label), seed.url, {{seed.url, 0}}, {}, 0, {}, false});
    go_on(chains_.size() - 1);
  }
}

PageSource::~PageSource() = default;

// False if the page is not to be read.
bool PageSource::request(std::size_t index, const Step& step) {
  Chain& chain = chains_[index];
  if (chain.enough || chain.pages == options_.max_pages || !chain.seen.insert(step.url.text()).second) {
    return false;
  }
  ++chain.pages;
  ++awaited_;
  client_.submit({.url = step.url,
                  .max_bytes = options_.max_page_bytes,
                  .timeouts = options_.timeouts,
                  .accept = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5"},
                 [arrivals = arrivals_, index, step](Result<net::HttpResponse> answer) {
                   const std::lock_guard lock(arrivals->mutex);
                   arrivals->arrivals.push_back({index, step, std::move(answer)});
                   arrivals->changed.notify_one();
                 });
  return true;
}

// Asks for the next page of a chain, if there is one.
void PageSource::go_on(std::size_t index) {
  std::deque<Step>& waiting = chains_[index].waiting;
  while (!waiting.empty()) {
    const Step step = std::move(waiting.front());
    waiting.pop_front();
    if (request(index, step)) return;
  }
}

// What comes after a page. Where a page redirected to does not widen the site.
void PageSource::plan(std::size_t index, const Step& step, const net::Url& url, const HtmlPage& page) {
  Chain& chain = chains_[index];
  if (step.depth < options_.depth) {
    for (const net::Url& link : page.links) {
      const bool is_wanted = link.host() == chain.first.host() && !chain.seen.contains(link.text()) &&
                             chain.planned.size() < options_.max_pages;  // more will not be read
      if (is_wanted && chain.planned.insert(link.text()).second) {
        chain.waiting.push_back({link, step.depth + 1});
      }
    }
  }
  if (page.next && page.next->host() == url.host()) chain.waiting.push_front({*page.next, step.depth});
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
    read(arrival.chain, arrival.step, std::move(arrival.answer));
    go_on(arrival.chain);
  }
  if (stop.stop_requested()) return std::nullopt;
  Finding finding = std::move(findings_.back());
  findings_.pop_back();
  return finding;
}

void PageSource::read(std::size_t index, const Step& step, Result<net::HttpResponse> answer) {
  const Chain& chain = chains_[index];
  if (chain.enough) return;
  const auto fail = [&](Failure failure) {
    findings_.push_back(
        {{.url = step.url.text(), .label = chain.label, .source = "page"}, std::move(failure)});
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
  plan(index, step, answer->url, *page);
}

void PageSource::enough(const std::string& label) {
  for (Chain& chain : chains_) chain.enough = chain.enough || chain.label == label;
  std::erase_if(findings_, [&](const Finding& finding) { return finding.candidate.label == label; });
}

}  // namespace winnow::scraping
