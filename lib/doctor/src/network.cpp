#include "winnow/doctor/network.hpp"

#include <chrono>
#include <ctime>

#include "winnow/core/bounded_queue.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/text.hpp"
#include "winnow/net/http_client.hpp"

namespace winnow::doctor {
namespace {

using Clock = std::chrono::steady_clock;

struct Arrival {
  std::size_t index;
  Clock::time_point at;
  Result<net::HttpResponse> response;
};

net::Url address_of(const std::string& name) {
  const bool has_scheme = name.find("://") != std::string::npos;
  const Result<net::Url> url = net::Url::parse(has_scheme ? name : "https://" + name + "/");
  if (!url)
    throw Error(ErrorKind::kUsage, printable(name, 100), "is no name of a host; give one like example.org");
  return url->resolve("/robots.txt").value();
}

// "Sun, 22 Nov 2026 03:26:10 GMT", RFC 9110 section 5.6.7.
std::optional<std::chrono::system_clock::time_point> parse_date(std::string_view text) {
  std::tm time{};
  const std::string date(text);
  if (::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &time) == nullptr) return std::nullopt;
  return std::chrono::system_clock::from_time_t(::timegm(&time));
}

}  // namespace

std::vector<Host> ask_hosts(const std::vector<std::string>& names, const Context& context) {
  constexpr auto kPatience = std::chrono::milliseconds(15'000);
  net::HttpClientOptions options;
  options.refuse = nullptr;
  options.retry.retries = 0;
  BoundedQueue<Arrival> arrivals(names.size());
  std::vector<net::Url> addresses;
  for (const std::string& name : names) addresses.push_back(address_of(name));
  std::vector<Host> hosts;
  const Clock::time_point start = Clock::now();
  net::HttpClient client(std::move(options));
  const std::stop_callback stop(context.stop, [&] { client.stop(); });
  for (std::size_t i = 0; i < names.size(); ++i) {
    hosts.push_back({.name = std::string(addresses[i].origin())});
    client.submit({.url = addresses[i],
                   .max_bytes = 1000,
                   .cut_at_max = true,
                   .timeouts = {.connect = kPatience, .total = kPatience}},
                  [&arrivals, i](Result<net::HttpResponse> response) {
                    arrivals.push({i, Clock::now(), std::move(response)});
                  });
  }
  for (std::size_t left = names.size(); left > 0; --left) {
    const std::optional<Arrival> arrival = arrivals.pop();
    throw_if_stopped(context.stop);
    Host& host = hosts[arrival->index];
    host.seconds = std::chrono::duration<double>(arrival->at - start).count();
    if (!arrival->response) {
      host.failure_code = arrival->response.failure().code;
      host.failure = printable(arrival->response.failure().message, 300);
      continue;
    }
    host.status = arrival->response->status;
    if (const auto date = parse_date(arrival->response->header("date"))) {
      host.clock_ahead =
          std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now() - *date);
    }
  }
  return hosts;
}

}  // namespace winnow::doctor
