#include "winnow/net/http_client.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "connection_limit.hpp"
#include "host_breaker.hpp"
#include "memory_account.hpp"
#include "robots_gate.hpp"
#include "socket_poll.hpp"
#include "transfer_pool.hpp"
#include "winnow/core/text.hpp"

namespace winnow::net {
namespace {

using Clock = std::chrono::steady_clock;
using Ticket = HostLimiter::Ticket;
using std::chrono::milliseconds;

constexpr milliseconds kLongestSleep{60'000};
constexpr milliseconds kNotablePause{10'000};

Failure cancelled() {
  return {"cancelled", "was given up"};
}

}  // namespace

// Everything below the mutex belongs to the loop's own thread.
class HttpClient::Loop {
 public:
  explicit Loop(HttpClientOptions options);
  ~Loop();

  void submit(HttpRequest request, Handler handler);
  void stop();

 private:
  struct Request {
    HttpRequest wanted;  // its url is the hop's: where the request stands now
    Handler handler;     // none for a robots.txt
    unsigned redirects = 0;
    unsigned retries = 0;
  };

  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*);
  static int on_timer(CURLM*, long timeout_ms, void* self);

  void run();
  bool admit();
  void enqueue(Ticket ticket);
  void ask_robots(const Request& for_whom);
  void robots_arrived(const Url& asked, const Result<HttpResponse>& answer);
  void start_ready();
  [[nodiscard]] bool has_room(Clock::time_point now);
  void wait();
  void collect();
  void settle(Ticket ticket, Hop hop);
  bool retry(Ticket ticket, Request& request, const Hop& hop);
  void note_health(const std::string& host, const Hop& hop);
  void follow(Ticket ticket, Request& request, std::string_view location);
  void answer(Ticket ticket, Result<HttpResponse> result);
  void abandon();

  const HttpClientOptions options_;
  const std::shared_ptr<SocketPoll> poll_ = std::make_shared<SocketPoll>();
  const std::shared_ptr<MemoryAccount> account_ = std::make_shared<MemoryAccount>(poll_);

  std::mutex mutex_;
  std::vector<Request> submitted_;
  bool stopping_ = false;

  CURLM* const multi_;
  const unsigned max_sockets_;
  const unsigned max_connections_;
  std::optional<Clock::time_point> curl_timer_;
  HostLimiter limiter_;
  HostBreaker breaker_;
  RobotsGate gate_;
  std::unordered_map<Ticket, Url> robots_;  // the robots.txt that are on their way, before any redirect
  Ticket last_ticket_ = 0;
  std::unordered_map<Ticket, Request> requests_;
  std::multimap<Clock::time_point, Ticket> later_;  // waiting for a retry
  TransferPool transfers_{options_, account_};

  std::jthread thread_;
};

HttpClient::Loop::Loop(HttpClientOptions options)
    : options_(std::move(options)),
      multi_([] {
        static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
        return ready == CURLE_OK ? curl_multi_init() : nullptr;
      }()),
      max_sockets_(affordable_connections(std::max(options_.max_connections, options_.max_sockets))),
      max_connections_(std::min(options_.max_connections, max_sockets_)),
      limiter_(options_.limits),
      breaker_(options_.breaker),
      gate_(options_.robots_token) {
  if (multi_ == nullptr) throw Error(ErrorKind::kIo, "network", "libcurl cannot be set up");
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Loop::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Loop::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  // Idle connections are kept for their hosts to use again, but not the sockets of every host ever seen.
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(std::max(16u, max_connections_)));
  thread_ = std::jthread([this] { run(); });
}

HttpClient::Loop::~Loop() {
  stop();
  thread_.join();
  transfers_.clear();
  curl_multi_cleanup(multi_);
}

void HttpClient::Loop::submit(HttpRequest request, Handler handler) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      submitted_.push_back({std::move(request), std::move(handler)});
      if (submitted_.size() == 1) poll_->wake();
      return;
    }
  }
  handler(cancelled());
}

void HttpClient::Loop::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  poll_->wake();
}

int HttpClient::Loop::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  auto& poll = *static_cast<Loop*>(self)->poll_;
  if (what == CURL_POLL_REMOVE) {
    poll.forget(socket);
  } else {
    poll.watch(socket, (what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0);
  }
  return 0;
}

int HttpClient::Loop::on_timer(CURLM*, long timeout_ms, void* self) {
  auto& timer = static_cast<Loop*>(self)->curl_timer_;
  timer.reset();
  if (timeout_ms >= 0) timer = Clock::now() + milliseconds(timeout_ms);
  return 0;
}

void HttpClient::Loop::run() {
  while (admit()) {
    start_ready();
    wait();
    collect();
  }
  abandon();
}

// Takes in what has been submitted and what is due again. False once it is time to stop.
bool HttpClient::Loop::admit() {
  std::vector<Request> fresh;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    fresh.swap(submitted_);
  }
  for (Request& request : fresh) {
    const Ticket ticket = ++last_ticket_;
    requests_.emplace(ticket, std::move(request));
    enqueue(ticket);
  }
  const Clock::time_point now = Clock::now();
  while (!later_.empty() && later_.begin()->first <= now) {
    const Ticket ticket = later_.begin()->second;
    later_.erase(later_.begin());
    enqueue(ticket);
  }
  return true;
}

// Puts a request in line at the host it now has to go to, unless that is known not to help or not to be
// welcome. What has had a turn already goes first.
void HttpClient::Loop::enqueue(Ticket ticket) {
  const Request& request = requests_.at(ticket);
  const Url& url = request.wanted.url;
  const Clock::time_point now = Clock::now();
  if (const Failure* why = breaker_.why_not(url.host(), now)) return answer(ticket, Failure(*why));
  if (request.wanted.heeds_robots && !options_.robots_token.empty()) {
    const RobotsGate::Answer pass = gate_.knock(url, ticket, now);
    if (pass.verdict == RobotsGate::Verdict::kRefuse) return answer(ticket, *pass.why);
    if (pass.verdict == RobotsGate::Verdict::kAsk) return ask_robots(request);
    if (pass.verdict == RobotsGate::Verdict::kWait) return;
  }
  if (request.redirects + request.retries > 0) {
    limiter_.add_first(url.host(), ticket);
  } else {
    limiter_.add(url.host(), ticket);
  }
}

void HttpClient::Loop::ask_robots(const Request& for_whom) {
  const Ticket ticket = ++last_ticket_;
  const Result<Url> url = for_whom.wanted.url.resolve("/robots.txt");
  HttpRequest wanted{.url = *url,
                     .max_bytes = RobotsTxt::kMaxBytes,
                     .cut_at_max = true,
                     .heeds_robots = false,
                     .timeouts = for_whom.wanted.timeouts,
                     .accept = "text/plain,*/*;q=0.5"};
  robots_.emplace(ticket, *url);
  requests_.emplace(ticket, Request{std::move(wanted), nullptr});
  limiter_.add_first(url->host(), ticket);  // others of its host may be waiting for it
}

void HttpClient::Loop::robots_arrived(const Url& asked, const Result<HttpResponse>& answer) {
  const std::vector<Ticket> waiting = gate_.arrived(asked, answer, Clock::now());
  if (const auto delay = gate_.crawl_delay(asked)) {
    limiter_.set_interval(asked.host(), std::min(*delay, options_.max_crawl_delay));
  }
  for (const Ticket ticket : waiting) enqueue(ticket);
}

// Whether another transfer may start. Slow ones stand aside.
bool HttpClient::Loop::has_room(Clock::time_point now) {
  if (!account_->has_room(options_.max_buffered_bytes) || transfers_.size() >= max_sockets_) return false;
  return transfers_.size() < max_connections_ || transfers_.size() < max_connections_ + transfers_.slow(now);
}

void HttpClient::Loop::start_ready() {
  const Clock::time_point now = Clock::now();
  while (has_room(now)) {
    const std::optional<Ticket> ticket = limiter_.take(now);
    if (!ticket) return;
    curl_multi_add_handle(multi_, transfers_.start(requests_.at(*ticket).wanted, *ticket).handle());
  }
}

void HttpClient::Loop::wait() {
  const Clock::time_point now = Clock::now();
  Clock::time_point until = now + kLongestSleep;
  if (curl_timer_) until = std::min(until, *curl_timer_);
  if (!later_.empty()) until = std::min(until, later_.begin()->first);
  if (const auto ready = limiter_.next_ready()) {
    if (has_room(now)) {
      until = std::min(until, *ready);
    } else if (transfers_.size() < max_sockets_) {
      until = std::min(until, std::max(*ready, transfers_.next_count()));
    }
  }
  const auto limit = std::max(milliseconds(0), std::chrono::ceil<milliseconds>(until - now));
  int running = 0;
  poll_->wait(limit, [&](const SocketPoll::Event& event) {
    const int what = (event.readable ? CURL_CSELECT_IN : 0) | (event.writable ? CURL_CSELECT_OUT : 0) |
                     (event.failed ? CURL_CSELECT_ERR : 0);
    curl_multi_socket_action(multi_, event.socket, what, &running);
  });
  if (curl_timer_ && *curl_timer_ <= Clock::now()) {
    curl_timer_.reset();
    curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  }
}

void HttpClient::Loop::collect() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    CURL* const handle = message->easy_handle;
    Transfer* transfer = nullptr;
    curl_easy_getinfo(handle, CURLINFO_PRIVATE, &transfer);
    curl_multi_remove_handle(multi_, handle);
    const Ticket ticket = transfer->ticket();
    Hop hop = transfer->finish(code);
    transfers_.finish(*transfer);
    settle(ticket, std::move(hop));
  }
}

void HttpClient::Loop::settle(Ticket ticket, Hop hop) {
  Request& request = requests_.at(ticket);
  limiter_.finished(request.wanted.url.host());
  note_health(std::string(request.wanted.url.host()), hop);
  if (retry(ticket, request, hop)) return;
  if (hop.failure) return answer(ticket, *hop.failure);
  if (const std::string_view location = hop.location(); !location.empty())
    return follow(ticket, request, location);
  answer(ticket, HttpResponse{hop.status, request.wanted.url, std::move(hop.headers), std::move(hop.body),
                              std::move(hop.memory_lease)});
}

bool HttpClient::Loop::retry(Ticket ticket, Request& request, const Hop& hop) {
  if (!(hop.failure ? is_transient_failure(*hop.failure) : is_transient_status(hop.status))) return false;
  const RetryOptions& options = options_.retry;
  const std::string_view host = request.wanted.url.host();
  const Clock::time_point now = Clock::now();
  const auto asked = parse_retry_after(options, hop.header("retry-after"), std::chrono::system_clock::now());
  const Clock::time_point again =
      now + asked.value_or(retry_delay(options, request.wanted.url.text(), request.retries + 1));
  // A server that says when to come back, or that there was too much, means all requests.
  const bool whole_host = asked.has_value() || hop.status == 429;
  if (whole_host) limiter_.pause(host, again);
  if (asked.value_or(milliseconds(0)) >= kNotablePause && options_.on_pause) options_.on_pause(host, *asked);
  if (request.retries == options.retries || breaker_.why_not(host, now) != nullptr) return false;
  ++request.retries;
  if (whole_host) {
    limiter_.add_first(host, ticket);
  } else {
    later_.emplace(again, ticket);
  }
  return true;
}

// A host that has just failed once too often is not asked for what waits for it either.
void HttpClient::Loop::note_health(const std::string& host, const Hop& hop) {
  if (hop.failure ? !is_transient_failure(*hop.failure) : !is_transient_status(hop.status)) {
    if (!hop.failure) breaker_.succeeded(host);
    return;
  }
  const std::string how = hop.failure ? hop.failure->message : "answers " + describe_status(hop.status);
  if (!breaker_.failed(host, how, Clock::now())) return;
  for (const Ticket waiting : limiter_.take_out(host)) enqueue(waiting);
}

void HttpClient::Loop::follow(Ticket ticket, Request& request, std::string_view location) {
  if (request.redirects == request.wanted.max_redirects) {
    return answer(ticket, Failure{"too_many_redirects", fmt::format("is redirected more than {} times",
                                                                    request.wanted.max_redirects)});
  }
  Result<Url> next = request.wanted.url.resolve(location);
  if (!next) {
    return answer(
        ticket, Failure{next.failure().code, fmt::format("redirects to {}, which {}",
                                                         printable(location, 200), next.failure().message)});
  }
  ++request.redirects;
  request.wanted.headers = nullptr;
  request.wanted.url = std::move(*next);
  enqueue(ticket);
}

void HttpClient::Loop::answer(Ticket ticket, Result<HttpResponse> result) {
  const auto request = requests_.find(ticket);
  const Handler handler = std::move(request->second.handler);
  requests_.erase(request);
  if (handler) return handler(std::move(result));
  const auto robots = robots_.find(ticket);
  const Url asked = std::move(robots->second);
  robots_.erase(robots);
  robots_arrived(asked, result);
}

void HttpClient::Loop::abandon() {
  transfers_.for_each([&](const Transfer& transfer) { curl_multi_remove_handle(multi_, transfer.handle()); });
  transfers_.clear();
  std::vector<Request> never_begun;
  {
    const std::lock_guard lock(mutex_);
    never_begun.swap(submitted_);
  }
  for (const auto& [ticket, request] : requests_) {
    if (request.handler) request.handler(cancelled());
  }
  for (const Request& request : never_begun) request.handler(cancelled());
  requests_.clear();
}

HttpClient::HttpClient(HttpClientOptions options) : loop_(std::make_unique<Loop>(std::move(options))) {}

HttpClient::~HttpClient() = default;

void HttpClient::submit(HttpRequest request, Handler handler) {
  loop_->submit(std::move(request), std::move(handler));
}

void HttpClient::stop() {
  loop_->stop();
}

}  // namespace winnow::net
