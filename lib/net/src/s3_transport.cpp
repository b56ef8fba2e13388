#include "s3_transport.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <exception>

#include "winnow/core/text.hpp"
#include "winnow/net/url.hpp"

namespace winnow::net {
namespace {

constexpr std::size_t kMaxHeaderBytes = 65'536;
constexpr std::size_t kMaxErrorBytes = 262'144;
// libcurl sends "Expect: 100-continue" with every upload that is read from a callback, however small, and a
// peer that does not know it costs a second.
constexpr std::uint64_t kMaxFieldsBytes = 1 << 20;

template <class Value>
void set(CURL* handle, CURLoption option, Value value) {
  curl_easy_setopt(handle, option, value);
}

Failure explain(CURLcode code, const char* detail) {
  const std::string why = *detail != 0 ? detail : curl_easy_strerror(code);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return {"dns", why};
    case CURLE_COULDNT_CONNECT:
      return {"connect", why};
    case CURLE_OPERATION_TIMEDOUT:
      return {"timeout", why};
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
      return {"tls", why};
    default:
      return {"network", why};
  }
}

}  // namespace

std::string percent_encode(std::string_view text, bool keep_slash) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter =
        (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
    if (letter || c == '-' || c == '.' || c == '_' || c == '~' || (c == '/' && keep_slash)) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kDigits[byte >> 4];
      encoded += kDigits[byte & 15];
    }
  }
  return encoded;
}

// One request under way.
class S3Transport::Exchange {
 public:
  Exchange(S3Transport& transport, const S3Request& request)
      : transport_(transport), request_(request), handle_(transport.take()) {}
  ~Exchange() {
    curl_slist_free_all(header_list_);
    curl_easy_reset(handle_);  // it keeps its connections
    transport_.give_back(handle_);
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  Result<S3Answer> perform() {
    set_connection();
    set_signature();
    set_body();
    const CURLcode code = curl_easy_perform(handle_);
    throw_if_stopped(transport_.stop_);
    if (thrown_) std::rethrow_exception(thrown_);
    if (too_large_) return Failure{"too_large", "has more than " + format_bytes(request_.max_bytes)};
    if (code != CURLE_OK) return explain(code, error_text_.data());
    // libcurl is content with a head that ends in the middle, and what it lacks would be taken as not said.
    if (!head_complete_) return Failure{"network", "the answer ends within its head"};
    return std::move(answer_);
  }

 private:
  void set_connection() {
    const S3Options& options = transport_.options_;
    set(handle_, CURLOPT_URL, transport_.address(request_).c_str());
    set(handle_, CURLOPT_NOSIGNAL, 1L);
    set(handle_, CURLOPT_PROTOCOLS_STR, "http,https");
    set(handle_, CURLOPT_FOLLOWLOCATION, 0L);  // where it leads would have to be signed anew
    set(handle_, CURLOPT_PROXY, "");
    if (!options.ca_file.empty()) set(handle_, CURLOPT_CAINFO, options.ca_file.c_str());
    set(handle_, CURLOPT_PATH_AS_IS, 1L);
    set(handle_, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    set(handle_, CURLOPT_HTTP09_ALLOWED, 0L);
    set(handle_, CURLOPT_USERAGENT, "winnow/" WINNOW_VERSION);
    set(handle_, CURLOPT_BUFFERSIZE, 256L * 1024);
    set(handle_, CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024);
    set(handle_, CURLOPT_ERRORBUFFER, error_text_.data());
    set(handle_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
    if (request_.slow_answer) {
      set(handle_, CURLOPT_TIMEOUT, static_cast<long>(options.slow_answer_for.count()));
    } else {
      set(handle_, CURLOPT_LOW_SPEED_LIMIT, 1024L);
      set(handle_, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stalled_for.count()));
    }
    set(handle_, CURLOPT_HEADERFUNCTION, &Exchange::on_header);
    set(handle_, CURLOPT_HEADERDATA, this);
    set(handle_, CURLOPT_WRITEFUNCTION, &Exchange::on_body);
    set(handle_, CURLOPT_WRITEDATA, this);
    set(handle_, CURLOPT_NOPROGRESS, 0L);
    set(handle_, CURLOPT_XFERINFOFUNCTION, &Exchange::on_progress);
    set(handle_, CURLOPT_XFERINFODATA, this);
  }

  void set_signature() {
    const S3Options& options = transport_.options_;
    set(handle_, CURLOPT_AWS_SIGV4, ("aws:amz:" + options.region + ":s3").c_str());
    set(handle_, CURLOPT_USERNAME, options.access_key.c_str());
    set(handle_, CURLOPT_PASSWORD, options.secret_key.c_str());
    // libcurl adds it by itself only from 8.0 on, and signs streamed bodies as if they were empty without it.
    add_header("x-amz-content-sha256: " + request_.body.sha256);
    if (!options.session_token.empty()) add_header("x-amz-security-token: " + options.session_token);
    for (const std::string& line : request_.headers) add_header(line);
    if (sends_body()) add_header("Content-Type: application/octet-stream");
    set(handle_, CURLOPT_HTTPHEADER, header_list_);
  }

  [[nodiscard]] bool sends_body() const { return request_.method == "PUT" || request_.method == "POST"; }

  void set_body() {
    if (request_.method == "HEAD") return set(handle_, CURLOPT_NOBODY, 1L);
    if (!sends_body()) {
      set(handle_, CURLOPT_HTTPGET, 1L);
    } else if (const S3Body& body = request_.body; body.file < 0 && body.size <= kMaxFieldsBytes) {
      set(handle_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size));
      set(handle_, CURLOPT_POSTFIELDS,
          body.size > 0 ? reinterpret_cast<const char*>(body.memory.data()) : "");
    } else {
      set(handle_, CURLOPT_UPLOAD, 1L);
      set(handle_, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(body.size));
      set(handle_, CURLOPT_READFUNCTION, &Exchange::on_read);
      set(handle_, CURLOPT_READDATA, this);
      set(handle_, CURLOPT_SEEKFUNCTION, &Exchange::on_seek);
      set(handle_, CURLOPT_SEEKDATA, this);
    }
    set(handle_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }

  void add_header(const std::string& line) { header_list_ = curl_slist_append(header_list_, line.c_str()); }

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) try {
    return static_cast<Exchange*>(self)->take_header({data, size * count}) ? size * count : 0;
  } catch (...) {
    static_cast<Exchange*>(self)->thrown_ = std::current_exception();
    return 0;
  }

  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) try {
    return static_cast<Exchange*>(self)->take_body({data, size * count}) ? size * count : 0;
  } catch (...) {
    static_cast<Exchange*>(self)->thrown_ = std::current_exception();
    return 0;
  }

  static std::size_t on_read(char* data, std::size_t size, std::size_t count, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    const S3Body& body = exchange.request_.body;
    const std::size_t wanted = std::min<std::uint64_t>(size * count, body.size - exchange.sent_);
    if (wanted == 0) return 0;
    if (body.file < 0) {
      std::memcpy(data, body.memory.data() + exchange.sent_, wanted);
      exchange.sent_ += wanted;
      return wanted;
    }
    const ssize_t got = ::pread(body.file, data, wanted, static_cast<off_t>(body.offset + exchange.sent_));
    if (got <= 0) {  // has become shorter, or cannot be read
      exchange.thrown_ = std::make_exception_ptr(Error(
          ErrorKind::kIo, exchange.request_.key, "the file cannot be read to its end while it is sent"));
      return CURL_READFUNC_ABORT;
    }
    exchange.sent_ += static_cast<std::uint64_t>(got);
    return static_cast<std::size_t>(got);
  }

  // A connection that was closed while it was idle: libcurl takes another and begins again.
  static int on_seek(void* self, curl_off_t offset, int origin) {
    if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
    static_cast<Exchange*>(self)->sent_ = static_cast<std::uint64_t>(offset);
    return CURL_SEEKFUNC_OK;
  }

  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Exchange*>(self)->transport_.stop_.stop_requested() ? 1 : 0;
  }

  bool take_header(std::string_view line) {
    header_bytes_ += line.size();
    if (header_bytes_ > kMaxHeaderBytes) return false;
    if (line.starts_with("HTTP/")) {  // also after "100 Continue"
      answer_.headers.clear();
      answer_.status = 0;
      head_complete_ = false;
      const std::size_t space = line.find(' ');
      if (space != std::string_view::npos) {
        std::from_chars(line.data() + space + 1, line.data() + line.size(), answer_.status);
      }
    } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
      answer_.headers.push_back({to_lower(line.substr(0, colon)), std::string(trim(line.substr(colon + 1)))});
    } else if (trim(line).empty()) {
      head_complete_ = true;
      if (succeeded() && request_.on_headers) request_.on_headers(answer_.headers);
    }
    return true;
  }

  [[nodiscard]] bool succeeded() const { return answer_.status >= 200 && answer_.status <= 299; }

  bool take_body(std::string_view piece) {
    if (!succeeded()) {
      answer_.body += piece.substr(0, kMaxErrorBytes - std::min(kMaxErrorBytes, answer_.body.size()));
      return true;
    }
    received_ += piece.size();
    too_large_ = received_ > request_.max_bytes;
    if (too_large_) return false;
    if (request_.sink) {
      request_.sink(as_bytes(piece));
    } else {
      answer_.body += piece;
    }
    return true;
  }

  S3Transport& transport_;
  const S3Request& request_;
  CURL* const handle_;
  curl_slist* header_list_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  std::size_t header_bytes_ = 0;
  bool head_complete_ = false;
  bool too_large_ = false;
  std::exception_ptr thrown_;
  S3Answer answer_;
};

S3Transport::S3Transport(const S3Options& options, std::stop_token stop)
    : options_(options), stop_(std::move(stop)) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) throw Error(ErrorKind::kIo, "network", "libcurl cannot be set up");
  const Result<Url> url = Url::parse(options.endpoint);
  if (!url) {
    throw Error(ErrorKind::kUsage, options.endpoint,
                "is no endpoint of a storage service; give it as https://host or http://host:port");
  }
  if (url->path() != "/") throw Error(ErrorKind::kUsage, options.endpoint, "an endpoint has no path");
  scheme_and_host_ = url->origin();
  if (options.virtual_host) {
    scheme_and_host_.insert(scheme_and_host_.find("//") + 2, options.bucket + '.');
  } else {
    base_path_ = '/' + percent_encode(options.bucket, false);
  }
}

S3Transport::~S3Transport() {
  for (CURL* handle : idle_) curl_easy_cleanup(handle);
}

Result<S3Answer> S3Transport::perform(const S3Request& request) {
  throw_if_stopped(stop_);
  return Exchange(*this, request).perform();
}

std::string S3Transport::address(const S3Request& request) const {
  std::string address = scheme_and_host_ + base_path_;
  if (!request.key.empty() || base_path_.empty()) address += '/' + percent_encode(request.key, true);
  // libcurl before 8.3 does not sort them for the signature, and before 8.5 leaves out the '=' of empty ones.
  std::vector<std::string> parts;
  for (const auto& [name, value] : request.query) {
    parts.push_back(percent_encode(name, false) + '=' + percent_encode(value, false));
  }
  std::sort(parts.begin(), parts.end());
  for (std::size_t i = 0; i < parts.size(); ++i) address += (i == 0 ? '?' : '&') + parts[i];
  return address;
}

CURL* S3Transport::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      CURL* const handle = idle_.back();
      idle_.pop_back();
      return handle;
    }
  }
  CURL* const handle = curl_easy_init();
  if (handle == nullptr) throw std::bad_alloc();
  return handle;
}

void S3Transport::give_back(CURL* handle) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(handle);
}

}  // namespace winnow::net
