#pragma once

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "memory_account.hpp"
#include "winnow/net/http_client.hpp"

namespace winnow::net {

// What one hop brought: a failure, or an answer of any status.
struct Hop {
  std::optional<Failure> failure;
  int status = 0;
  std::vector<HttpResponse::Header> headers;
  Bytes body;
  std::shared_ptr<void> memory_lease;

  // Where it redirects to, or "".
  [[nodiscard]] std::string_view location() const;
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

// One hop of one request: a curl easy handle, set up for one URL, and what it receives. Used again and again,
// which keeps curl's buffers.
class Transfer {
 public:
  Transfer(const HttpClientOptions& options, std::shared_ptr<MemoryAccount> account);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  void prepare(const HttpRequest& request, HostLimiter::Ticket ticket);
  // Turns curl's verdict into a result, and forgets the hop.
  [[nodiscard]] Hop finish(CURLcode code);

  // Whether it has been under way for a while and brings hardly anything.
  [[nodiscard]] bool is_slow(std::chrono::steady_clock::time_point now) const;

  [[nodiscard]] CURL* handle() const { return handle_; }
  [[nodiscard]] HostLimiter::Ticket ticket() const { return ticket_; }

 private:
  enum class Stop { kNone, kTooLarge, kCutOff, kBadHeaders, kErrorPageSeen };

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static int on_progress(void* self, curl_off_t, curl_off_t received, curl_off_t, curl_off_t);
  static curl_socket_t on_open_socket(void* self, curlsocktype, curl_sockaddr* address);

  bool take_header(std::string_view line);
  bool take_body(ByteSpan bytes);
  [[nodiscard]] Stop beyond_max() const { return cut_at_max_ ? Stop::kCutOff : Stop::kTooLarge; }
  [[nodiscard]] bool is_success() const { return status_ >= 200 && status_ <= 299; }
  [[nodiscard]] std::uint64_t claimed_size() const;  // Content-Length, 0 without one
  [[nodiscard]] Failure explain(CURLcode code) const;
  [[nodiscard]] Failure explain_timeout() const;

  const HttpClientOptions& options_;
  const std::shared_ptr<MemoryAccount> account_;
  CURL* const handle_;
  curl_slist* header_list_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> error_text_{};

  HostLimiter::Ticket ticket_ = 0;
  std::chrono::steady_clock::time_point started_;
  HttpTimeouts timeouts_{};
  std::string host_;
  std::uint64_t max_bytes_ = 0;
  bool cut_at_max_ = false;
  int status_ = 0;
  bool headers_complete_ = false;
  std::size_t header_bytes_ = 0;
  std::vector<HttpResponse::Header> headers_;
  Bytes body_;
  std::size_t discarded_ = 0;
  Stop stop_ = Stop::kNone;
  std::string refused_;  // the special address the host name led to
};

}  // namespace winnow::net
