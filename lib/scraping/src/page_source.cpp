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

// A page on the way from a seed.
struct PageSource::Step {
  net::Url url;
  unsigned depth = 0;  // links from the seed
};

struct PageSource::Chain {
  std::string label;
  net::Url first;
  std::deque<Step> waiting{};       // pages to read
  std::set<std::string> planned{};  // links that are or were among them
  unsigned pages = 0;
  std::set<std::string> seen;
  bool awaited = false;  // a page has been asked for and not been read
};

struct PageSource::Arrival {
  std::size_t chain;
  Step step;  // what was asked for
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
  for (PageSeed& seed : seeds) {
    chains_.push_back({.label = std::move(seed.label), .first = seed.url, .waiting = {{seed.url, 0}}});
  }
}

PageSource::~PageSource() = default;

// False if the page is not to be read.
bool PageSource::request(std::size_t index, const Step& step) {
  Chain& chain = chains_[index];
  if (is_full(chain.label) || chain.pages == options_.max_pages ||
      !chain.seen.insert(step.url.text()).second) {
    return false;
  }
  ++chain.pages;
  chain.awaited = true;
  client_.submit({.url = step.url,
                  .max_bytes = options_.max_page_bytes,
                  .timeouts = options_.timeouts,
                  .accept = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5"},
                 [arrivals = arrivals_, index, step](Result<net::HttpResponse> answer) {
                   // Whoever reads it may be waiting for pictures: pages must not hold up their bodies.
                   if (answer) answer->memory_lease.reset();
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
    for (std::size_t i = 0; i < chains_.size(); ++i) go_on(i);
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
    read(arrival->chain, arrival->step, std::move(arrival->answer));
    go_on(arrival->chain);
  }
  return std::nullopt;
}

void PageSource::read(std::size_t index, const Step& step, Result<net::HttpResponse> answer) {
  const Chain& chain = chains_[index];
  if (is_full(chain.label)) return;
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
  plan(index, step, answer->url, *page);
}

void PageSource::enough(const std::string& label) {
  const std::lock_guard lock(arrivals_->mutex);
  arrivals_->full.insert(label);
  arrivals_->changed.notify_one();
}

}  // namespace winnow::scraping
