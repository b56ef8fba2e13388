#include "transfer.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "winnow/core/text.hpp"
#include "winnow/net/address_guard.hpp"

namespace winnow::net {
namespace {

constexpr std::size_t kMaxHeaderBytes = 65'536;
// An error page this small is read to its end, so that the connection can be used again.
constexpr std::size_t kMaxErrorPageBytes = 65'536;
constexpr std::uint64_t kMaxReserve = 1'048'576;  // a Content-Length is only a claim

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

template <class Value>
void set(CURL* handle, CURLoption option, Value value) {
  curl_easy_setopt(handle, option, value);
}

long milliseconds(std::chrono::milliseconds time) {
  return static_cast<long>(time.count());
}

double seconds(std::chrono::milliseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

std::string_view Hop::header(std::string_view name) const {
  return find_header(headers, name);
}

std::string_view Hop::location() const {
  return !failure && is_redirect(status) ? trim(header("location")) : std::string_view();
}

Transfer::Transfer(const HttpClientOptions& options, std::shared_ptr<MemoryAccount> account)
    : options_(options), account_(std::move(account)), handle_(curl_easy_init()) {
  if (handle_ == nullptr) throw std::bad_alloc();
  set(handle_, CURLOPT_PRIVATE, this);
  set(handle_, CURLOPT_NOSIGNAL, 1L);
  // Without this, giving up a transfer would wait for its name to be resolved, and all others with it.
  set(handle_, CURLOPT_QUICK_EXIT, 1L);
  set(handle_, CURLOPT_PROTOCOLS_STR, "http,https");
  set(handle_, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(handle_, CURLOPT_FOLLOWLOCATION, 0L);
  set(handle_, CURLOPT_PROXY, "");
  set(handle_, CURLOPT_HTTP09_ALLOWED, 0L);
  set(handle_, CURLOPT_ACCEPT_ENCODING, "");  // all that curl can undo
  set(handle_, CURLOPT_USERAGENT, options_.user_agent.c_str());
  set(handle_, CURLOPT_BUFFERSIZE, 64L * 1024);  // of which there is one for each connection
  set(handle_, CURLOPT_ERRORBUFFER, error_text_.data());
  set(handle_, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(handle_, CURLOPT_HEADERDATA, this);
  set(handle_, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(handle_, CURLOPT_WRITEDATA, this);
  set(handle_, CURLOPT_NOPROGRESS, 0L);
  set(handle_, CURLOPT_XFERINFOFUNCTION, &Transfer::on_progress);
  set(handle_, CURLOPT_XFERINFODATA, this);
  set(handle_, CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_open_socket);
  set(handle_, CURLOPT_OPENSOCKETDATA, this);
}

Transfer::~Transfer() {
  account_->release(body_.size());
  curl_easy_cleanup(handle_);
  curl_slist_free_all(header_list_);
}

void Transfer::prepare(const HttpRequest& request, HostLimiter::Ticket ticket) {
  ticket_ = ticket;
  started_ = std::chrono::steady_clock::now();
  timeouts_ = request.timeouts;
  host_ = request.url.host();
  max_bytes_ = request.max_bytes;
  cut_at_max_ = request.cut_at_max;
  set(handle_, CURLOPT_URL, request.url.text().c_str());
  set(handle_, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(timeouts_.connect));
  set(handle_, CURLOPT_TIMEOUT_MS, milliseconds(timeouts_.total));
  set(handle_, CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(timeouts_.slow_bytes_per_second));
  set(handle_, CURLOPT_LOW_SPEED_TIME, static_cast<long>(timeouts_.slow_for.count()));
  curl_slist_free_all(header_list_);
  header_list_ = curl_slist_append(nullptr, (std::string("Accept: ") + request.accept).c_str());
  if (request.headers) {
    for (const std::string& line : *request.headers) {
      header_list_ = curl_slist_append(header_list_, line.c_str());
    }
  }
  set(handle_, CURLOPT_HTTPHEADER, header_list_);
  set(handle_, CURLOPT_HTTPGET, 1L);
  if (request.form) {
    set(handle_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.form->size()));
    set(handle_, CURLOPT_COPYPOSTFIELDS, request.form->c_str());
  }
}

bool Transfer::is_slow(std::chrono::steady_clock::time_point now) const {
  constexpr std::chrono::duration<double> kPatience(2);
  constexpr double kSlowBytesPerSecond = 10'000;
  const std::chrono::duration<double> age = now - started_;
  const auto received = static_cast<double>(header_bytes_ + body_.size() + discarded_);
  return age > kPatience && received < kSlowBytesPerSecond * age.count();
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) try {
  return static_cast<Transfer*>(self)->take_header({data, size * count}) ? size * count : 0;
} catch (...) {
  return 0;  // out of memory; an exception must not travel through curl
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) try {
  return static_cast<Transfer*>(self)->take_body(as_bytes({data, size * count})) ? size * count : 0;
} catch (...) {
  return 0;
}

// Compressed bytes can come without end and unpack to nothing, so what is on the wire is counted, too.
int Transfer::on_progress(void* self, curl_off_t, curl_off_t received, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(self);
  const bool wanted = transfer.is_success();
  if (static_cast<std::uint64_t>(received) <= (wanted ? transfer.max_bytes_ : kMaxErrorPageBytes)) return 0;
  if (transfer.stop_ == Stop::kNone) transfer.stop_ = wanted ? transfer.beyond_max() : Stop::kErrorPageSeen;
  return 1;
}

curl_socket_t Transfer::on_open_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (transfer.options_.refuse) {
    if (const std::string_view kind = transfer.options_.refuse(address->addr); !kind.empty()) {
      transfer.refused_ = fmt::format("{}, {}", format_address(address->addr), kind);
      return CURL_SOCKET_BAD;
    }
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool Transfer::take_header(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > kMaxHeaderBytes) {
    stop_ = Stop::kBadHeaders;
    return false;
  }
  if (line.starts_with("HTTP/")) {  // also after an interim answer such as 103
    headers_.clear();
    status_ = 0;
    const std::size_t space = line.find(' ');
    if (space != std::string_view::npos) {
      std::from_chars(line.data() + space + 1, line.data() + line.size(), status_);
    }
    return true;
  }
  if (trim(line).empty()) {
    headers_complete_ = status_ >= 200;
    // CURLOPT_MAXFILESIZE would also refuse error pages and redirects, whose bodies nobody wants.
    if (!is_success() || cut_at_max_ || claimed_size() <= max_bytes_) return true;
    stop_ = Stop::kTooLarge;
    return false;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return true;
  headers_.push_back({to_lower(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1)))});
  return true;
}

std::uint64_t Transfer::claimed_size() const {
  const std::string_view text = find_header(headers_, "content-length");
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  return error == std::errc::result_out_of_range ? std::numeric_limits<std::uint64_t>::max() : size;
}

bool Transfer::take_body(ByteSpan bytes) {
  if (!is_success()) {
    discarded_ += bytes.size();
    if (discarded_ <= kMaxErrorPageBytes) return true;
    stop_ = Stop::kErrorPageSeen;
    return false;
  }
  const bool too_large = bytes.size() > max_bytes_ - body_.size();
  if (too_large) stop_ = beyond_max();
  if (stop_ == Stop::kTooLarge) return false;
  bytes = bytes.first(std::min<std::size_t>(bytes.size(), max_bytes_ - body_.size()));
  if (body_.empty()) body_.reserve(static_cast<std::size_t>(std::min(claimed_size(), kMaxReserve)));
  body_.insert(body_.end(), bytes.begin(), bytes.end());
  account_->add(bytes.size());
  return !too_large;
}

Hop Transfer::finish(CURLcode code) {
  Hop hop;
  const bool answered = code == CURLE_OK || stop_ == Stop::kErrorPageSeen || stop_ == Stop::kCutOff ||
                        // An error page that breaks off has said what it had to say.
                        (headers_complete_ && status_ >= 300 && stop_ == Stop::kNone);
  if (answered) {
    hop.status = status_;
    hop.headers = std::move(headers_);
    hop.memory_lease = account_->lease(body_.size());
    hop.body = std::move(body_);
  } else {
    hop.failure = explain(code);
    account_->release(body_.size());
  }
  body_ = {};
  headers_.clear();
  headers_complete_ = false;
  header_bytes_ = 0;
  status_ = 0;
  discarded_ = 0;
  stop_ = Stop::kNone;
  refused_.clear();
  error_text_.front() = '\0';
  return hop;
}

Failure Transfer::explain(CURLcode code) const {
  const std::string curl_says = error_text_.front() != '\0' ? error_text_.data() : curl_easy_strerror(code);
  if (stop_ == Stop::kTooLarge) {
    return {"too_large", "is larger than the limit of " + format_bytes(max_bytes_)};
  }
  if (stop_ == Stop::kBadHeaders) return {"bad_response", "answers with headers without end"};
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return {"dns", "cannot resolve host name " + host_};
    case CURLE_COULDNT_CONNECT: {
      if (!refused_.empty()) return {"refused_address", fmt::format("leads to {}", refused_)};
      long error_number = 0;
      curl_easy_getinfo(handle_, CURLINFO_OS_ERRNO, &error_number);
      const std::string why = error_number != 0 ? ": " + system_message(static_cast<int>(error_number)) : "";
      return {"connect", fmt::format("cannot connect to {}{}", host_, why)};
    }
    case CURLE_OPERATION_TIMEDOUT:
      return explain_timeout();
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return {"tls", "no secure connection: " + printable(curl_says, 200)};
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:  // also an answer that is HTTP/0.9 at best
      return {"bad_response", "makes no sense as an answer: " + printable(curl_says, 200)};
    default:
      return {"network", "the connection broke: " + printable(curl_says, 200)};
  }
}

Failure Transfer::explain_timeout() const {
  if (std::string_view(error_text_.data()).starts_with("Operation too slow")) {
    return {"timeout",
            fmt::format("is too slow: less than {} a second for {} s",
                        format_bytes(timeouts_.slow_bytes_per_second), timeouts_.slow_for.count())};
  }
  curl_off_t connected = 0;
  curl_easy_getinfo(handle_, CURLINFO_PRETRANSFER_TIME_T, &connected);
  if (connected == 0)
    return {"timeout", fmt::format("no connection within {:.3g} s", seconds(timeouts_.connect))};
  return {"timeout", fmt::format("not complete after {:.3g} s", seconds(timeouts_.total))};
}

}  // namespace winnow::net
