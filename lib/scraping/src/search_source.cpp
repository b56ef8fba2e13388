#include "winnow/scraping/search_source.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <mutex>

#include "rate_headers.hpp"
#include "search_board.hpp"

namespace winnow::scraping {

// Where the threads meet: the one that calls next(), the client's, and those that settle candidates.
struct SearchSource::Desk {
  struct Arrival {
    std::size_t stream;
    Result<net::HttpResponse> answer;
  };

  Desk(std::vector<SearchProvider> providers, std::vector<SearchQuery> queries, const SearchOptions& options)
      : board(std::move(providers), std::move(queries), options) {}

  std::mutex mutex;
  std::condition_variable_any changed;
  SearchBoard board;
  std::deque<Arrival> arrivals;
  bool news = false;  // of settled candidates
};

SearchSource::SearchSource(net::HttpClient& client, std::vector<SearchProvider> providers,
                           std::vector<SearchQuery> queries, SearchOptions options)
    : client_(client),
      options_(options),
      desk_(std::make_shared<Desk>(std::move(providers), std::move(queries), options)) {}

SearchSource::~SearchSource() = default;

std::optional<Finding> SearchSource::next(const std::stop_token& stop) {
  std::unique_lock lock(desk_->mutex);
  while (!stop.stop_requested()) {
    if (!desk_->arrivals.empty()) {
      const Desk::Arrival arrival = std::move(desk_->arrivals.front());
      desk_->arrivals.pop_front();
      lock.unlock();
      read(arrival.stream, arrival.answer);
      lock.lock();
      continue;
    }
    const auto now = std::chrono::steady_clock::now();
    desk_->board.give_up_overdue(now);
    if (const std::optional<std::size_t> stream = desk_->board.start(now)) {
      lock.unlock();
      ask(*stream);
      lock.lock();
      continue;
    }
    std::string report;
    std::size_t provider = 0;
    if (std::optional<Finding> finding = desk_->board.take(report, provider)) {
      lock.unlock();
      if (!report.empty()) tell(desk_->board.provider(provider), report);
      return finding;
    }
    if (desk_->board.done()) return std::nullopt;
    const auto until = desk_->board.next_time().value_or(now + std::chrono::hours(1));
    desk_->news = false;
    desk_->changed.wait_until(lock, stop, until, [this] { return desk_->news || !desk_->arrivals.empty(); });
  }
  return std::nullopt;
}

// The client may answer at once, on this thread: nothing is locked here.
void SearchSource::ask(std::size_t index) {
  std::unique_lock lock(desk_->mutex);
  const SearchStream& stream = desk_->board.stream(index);
  const std::string words = stream.words;
  const std::string page = stream.page;
  const Provider& provider = desk_->board.provider(stream.provider);
  lock.unlock();
  Result<ApiRequest> request = provider.request(words, page);
  lock.lock();
  if (!request) return desk_->board.found(index, request.failure(), std::chrono::steady_clock::now());
  desk_->board.asked(index, request->shown);
  lock.unlock();
  net::HttpRequest wanted{.url = std::move(request->url),
                          .max_bytes = options_.max_answer_bytes,
                          .heeds_robots = false,  // an API is there to be asked by programs
                          .timeouts = options_.timeouts,
                          .max_redirects = 0,  // a key in the address must not go elsewhere
                          .accept = "application/json",
                          .headers = std::move(request->headers)};
  client_.submit(std::move(wanted), [desk = desk_, index](Result<net::HttpResponse> answer) {
    const std::lock_guard arrived(desk->mutex);
    desk->arrivals.push_back({index, std::move(answer)});
    desk->changed.notify_all();
  });
}

void SearchSource::read(std::size_t index, const Result<net::HttpResponse>& answer) {
  std::unique_lock lock(desk_->mutex);
  SearchBoard& board = desk_->board;
  const std::size_t number = board.stream(index).provider;
  const std::string asked_page = board.stream(index).page;
  const Provider& provider = board.provider(number);
  if (!answer && answer.failure().code == "cancelled") return board.abandon(index);
  lock.unlock();
  Result<SearchPage> page = SearchPage{};
  if (!answer) {
    page = answer.failure();
  } else if (answer->status >= 200 && answer->status <= 299) {
    page = provider.read(*answer, asked_page);
  } else if (!provider.ends_with(answer->status, asked_page)) {
    page = Failure{fmt::format("http_{}", answer->status), "answers " + net::describe_status(answer->status)};
  }
  lock.lock();
  const auto now = std::chrono::steady_clock::now();
  if (answer) {
    if (const auto pause = pause_for_rate_limit(*answer, std::chrono::system_clock::now())) {
      board.leave_alone(number, *pause, now);
    }
  }
  board.found(index, std::move(page), now);
}

// Nobody waits for the answer, and nothing hangs on it.
void SearchSource::tell(const Provider& provider, const std::string& address) {
  Result<ApiRequest> request = provider.report(address);
  if (!request) return;
  client_.submit({.url = std::move(request->url),
                  .max_bytes = options_.max_answer_bytes,
                  .heeds_robots = false,
                  .timeouts = options_.timeouts,
                  .max_redirects = 0,
                  .accept = "application/json",
                  .headers = std::move(request->headers)},
                 [](const Result<net::HttpResponse>&) {});
}

void SearchSource::enough(const std::string& label) {
  const std::lock_guard lock(desk_->mutex);
  desk_->board.enough(label);
  desk_->news = true;
  desk_->changed.notify_all();
}

void SearchSource::settled(const Candidate& candidate, Verdict verdict) {
  const std::lock_guard lock(desk_->mutex);
  desk_->board.settled(candidate.label, verdict);
  desk_->news = true;
  desk_->changed.notify_all();
}

}  // namespace winnow::scraping
