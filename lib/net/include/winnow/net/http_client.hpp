// Fetches many things at once from servers that cannot be trusted, without being a burden to them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "winnow/core/error.hpp"
#include "winnow/net/address_guard.hpp"
#include "winnow/net/host_limiter.hpp"
#include "winnow/net/http_message.hpp"
#include "winnow/net/retry.hpp"

namespace winnow::net {

struct HttpClientOptions {
  std::string user_agent = "winnow/" WINNOW_VERSION;
  // Says of an address what makes it one not to connect to, or "". Empty, it lets every address pass.
  std::function<std::string_view(const sockaddr&)> refuse = [](const sockaddr& a) {
    return special_address(a);
  };
  // Busy ones at a time, over all hosts. A transfer that has brought little for a while no longer counts, so
  // that slow hosts do not take the places of fast ones; with those there are never more than max_sockets.
  // The soft limit of open files is raised for them; where the hard limit is too low, there are fewer.
  unsigned max_connections = 256;
  unsigned max_sockets = 4096;
  // No further request starts while the bodies being received and those not yet let go by their receivers
  // hold more than this together. Those under way go on, since one that is held back runs into its timeouts:
  // at worst, each of max_connections transfers adds a body of its max_bytes.
  std::uint64_t max_buffered_bytes = 32'000'000;
  HostLimits limits{};
  RetryOptions retry{};
  BreakerOptions breaker{};
  // As which robots.txt files name us: letters, '-' and '_'. Empty, they are not read.
  std::string robots_token{};
  std::chrono::milliseconds max_crawl_delay{30'000};  // more than this of a Crawl-delay is not waited
  // Told on the client's thread of a host that asks to be left alone for 10 seconds or more. Must not block.
  std::function<void(std::string_view host, std::chrono::milliseconds pause)> on_pause{};
};

// One thread drives all transfers, waiting requests cost a few hundred bytes each, and slow hosts hold up
// nobody else. Each hop of a redirect and each retry is scheduled anew at its own host, within the limits of
// that host and by its robots.txt (RFC 9309), which is fetched once, like everything else; its Crawl-delay is
// kept, too.
//
// http and https only, on every hop. Addresses are checked when a socket is opened for them, so the check
// holds for redirects, for names that change their address, and for reused connections, which were opened
// under it. No cookies, no credentials, no proxy (it would resolve names on its own), no HTTP/0.9.
//
// Failure codes: "dns", "connect", "timeout", "tls", "network" (the connection broke), "refused_address",
// "bad_url", "refused_scheme" and "too_many_redirects" (of where a redirect leads), "too_large",
// "bad_response" (not HTTP, or damaged encoding), "robots" and "opted_out" (by robots.txt), "host_down" (not
// tried, as its host failed time and again), "cancelled". Messages read on after an address:
// "https://...: cannot resolve host name x".
class HttpClient {
 public:
  // Called once for every request, on the client's thread, or on the submitting one after stop(). Must not
  // block or throw: take the response and leave.
  using Handler = std::function<void(Result<HttpResponse>)>;

  // Throws Error{kIo} if the process has no file descriptor left.
  explicit HttpClient(HttpClientOptions options);
  ~HttpClient();  // stop(), and waits for the last handler
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Thread-safe, does not wait. There is no bound on how many may wait; that is for the caller to keep.
  void submit(HttpRequest request, Handler handler);

  // Gives everything up: requests under way and to come are answered with "cancelled". Thread-safe, does not
  // wait.
  void stop();

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace winnow::net
