#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/core/bytes.hpp"
#include "winnow/net/url.hpp"

namespace winnow::net {

struct HttpTimeouts {
  std::chrono::milliseconds connect{10'000};  // name, connection and TLS
  std::chrono::milliseconds total{60'000};    // one attempt, all of it
  // An attempt is given up when fewer bytes than this come in each second over that time.
  std::uint32_t slow_bytes_per_second = 1000;
  std::chrono::seconds slow_for{20};
};

// A GET, or a POST of a form.
struct HttpRequest {
  Url url;
  // Of the body of a 2xx answer, as sent and after content decoding. Other bodies are not kept.
  std::uint64_t max_bytes = 20'000'000;
  bool cut_at_max = false;  // take the beginning of a larger body instead of failing
  // What one is invited to call, such as an API, is no matter of robots.txt.
  bool heeds_robots = true;
  HttpTimeouts timeouts{};
  unsigned max_redirects = 5;
  const char* accept = "*/*";  // a literal: requests wait in large numbers, and are to be small
  // "Name: value" lines to send as well, such as a key. They go to this address alone, never to where it
  // redirects.
  std::shared_ptr<const std::vector<std::string>> headers{};
  // If set: sent as application/x-www-form-urlencoded. Where it redirects, the form does not go:
  // max_redirects must be 0. It is sent again after a failure that may pass unless RetryOptions::retries is
  // 0.
  std::shared_ptr<const std::string> form{};
};

// The final answer, after redirects and retries; its status may be any but a followed redirect's.
struct HttpResponse {
  struct Header {
    std::string name;  // lower case
    std::string value;
  };

  int status = 0;
  Url url;  // where the answer came from
  std::vector<Header> headers;
  Bytes body;  // only of 2xx answers
  // The body counts against HttpClientOptions::max_buffered_bytes until this is gone.
  std::shared_ptr<void> memory_lease;

  // The first value of a header, or "". The name is given in lower case.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

// The first value of a header, or "". The name is given in lower case.
[[nodiscard]] std::string_view find_header(const std::vector<HttpResponse::Header>& headers,
                                           std::string_view name);

// "404 Not Found".
[[nodiscard]] std::string describe_status(int status);

}  // namespace winnow::net
