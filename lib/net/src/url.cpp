#include "winnow/net/url.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <locale.h>

#include <algorithm>
#include <memory>

#include "winnow/core/text.hpp"

namespace winnow::net {
namespace {

struct HandleDeleter {
  void operator()(CURLU* handle) const { curl_url_cleanup(handle); }
};
using Handle = std::unique_ptr<CURLU, HandleDeleter>;

// libidn2, through curl, reads host names in the encoding of the thread's locale, and a program that never
// calls setlocale() has one without letters beyond ASCII.
class Utf8Locale {
 public:
  Utf8Locale() {
    static const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t{});
    if (utf8 != locale_t{}) before_ = ::uselocale(utf8);
  }
  ~Utf8Locale() {
    if (before_ != locale_t{}) ::uselocale(before_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t before_{};
};

Failure bad_url(std::string message) {
  return Failure{"bad_url", std::move(message)};
}

Failure refused_scheme(std::string_view scheme) {
  return Failure{"refused_scheme",
                 fmt::format("is a {}: address; only http and https are fetched", printable(scheme, 40))};
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// "https" of "https://x", nothing of "//x", "a/b:c" and "x.jpg". RFC 3986 section 3.1.
std::string_view scheme_of(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_letter(text[0])) return {};
  const std::string_view scheme = text.substr(0, colon);
  const bool valid = std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
  return valid ? scheme : std::string_view();
}

// What browsers do before they look at an address (WHATWG URL, "basic URL parser"): people and pages write
// spaces around it, break it over lines and mix up slashes.
Result<std::string> clean(std::string_view text) {
  if (text.size() > kMaxUrlLength) {
    return bad_url(fmt::format("is {} characters long, the limit is {}", text.size(), kMaxUrlLength));
  }
  std::string cleaned;
  bool before_query = true;
  for (const char c : trim(text)) {
    if (c == '\t' || c == '\r' || c == '\n') continue;
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return bad_url("holds a control character");
    if (c == '?' || c == '#') before_query = false;
    if (c == '\\' && before_query) {
      cleaned += '/';
    } else if (std::string_view(" \"<>\\^`{|}").find(c) != std::string_view::npos) {
      cleaned += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      cleaned += c;
    }
  }
  if (cleaned.empty()) return bad_url("is empty");
  return cleaned;
}

std::string take_part(CURLU* handle, CURLUPart part, unsigned flags) {
  char* text = nullptr;
  const CURLUcode code = curl_url_get(handle, part, &text, flags);
  std::string taken = code == CURLUE_OK ? text : "";
  // Also after a failure: for a host name that is none in punycode, curl 7.88 leaves its copy here.
  curl_free(text);
  return taken;
}

}  // namespace

// The text is in normal form: "http://host:port/path?query".
Url::Url(std::string text) : text_(std::move(text)) {
  const std::size_t host = text_.find("://") + 3;
  const std::size_t path = text_.find('/', host);
  const std::size_t bracket = text_.rfind(']', path);
  const std::size_t colon = text_.find(':', bracket == std::string::npos ? host : bracket);
  host_begin_ = static_cast<std::uint16_t>(host);
  host_size_ = static_cast<std::uint16_t>(std::min(colon, path) - host);
  path_begin_ = static_cast<std::uint16_t>(path);
  path_size_ = static_cast<std::uint16_t>(std::min(text_.find('?', path), text_.size()) - path);
}

Result<Url> Url::read(std::string_view base, const std::string& reference) {
  constexpr unsigned kFlags = CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME;
  const Utf8Locale locale;
  const Handle handle(curl_url());
  if (!base.empty()) curl_url_set(handle.get(), CURLUPART_URL, std::string(base).c_str(), 0);
  if (const CURLUcode code = curl_url_set(handle.get(), CURLUPART_URL, reference.c_str(), kFlags);
      code != CURLUE_OK) {
    return bad_url(fmt::format("is not a valid address ({})", to_lower(curl_url_strerror(code))));
  }
  const std::string scheme = take_part(handle.get(), CURLUPART_SCHEME, 0);
  if (scheme != "http" && scheme != "https") return refused_scheme(scheme);
  if (!take_part(handle.get(), CURLUPART_ZONEID, 0).empty()) return bad_url("names a network interface");

  std::string host = to_lower(take_part(handle.get(), CURLUPART_HOST, CURLU_PUNYCODE));
  if (host.ends_with('.')) host.pop_back();
  if (host.empty()) return bad_url("has no valid host name");
  for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_FRAGMENT}) {
    curl_url_set(handle.get(), part, nullptr, 0);
  }
  if (curl_url_set(handle.get(), CURLUPART_HOST, host.c_str(), 0) != CURLUE_OK)
    return bad_url("has no valid host name");

  std::string text = take_part(handle.get(), CURLUPART_URL, CURLU_NO_DEFAULT_PORT);
  const auto plain = [](char c) { return c > 0x20 && c < 0x7f; };
  if (text.empty() || !std::all_of(text.begin(), text.end(), plain)) return bad_url("has no valid host name");
  if (text.size() > kMaxUrlLength) return bad_url("becomes too long when it is percent-encoded");
  return Url(std::move(text));
}

Result<Url> Url::parse(std::string_view text) {
  const Result<std::string> cleaned = clean(text);
  if (!cleaned) return cleaned.failure();
  const std::string_view scheme = scheme_of(*cleaned);
  if (scheme.empty()) return bad_url("does not begin with http:// or https://");
  if (const std::string lower = to_lower(scheme); lower != "http" && lower != "https") {
    // "example.org:8080/x" is a scheme by the letter; what was meant is an address without one.
    if (scheme.find('.') != std::string_view::npos || lower == "localhost") {
      return bad_url("does not begin with http:// or https://");
    }
    return refused_scheme(lower);
  }
  return read({}, *cleaned);
}

Result<Url> Url::resolve(std::string_view reference) const {
  const Result<std::string> cleaned = clean(reference);
  if (!cleaned) {
    if (trim(reference).empty()) return *this;
    return cleaned.failure();
  }
  // curl would drop the path for a mere fragment.
  if (cleaned->front() == '#') return *this;
  if (!scheme_of(*cleaned).empty()) return parse(*cleaned);
  return read(text_, *cleaned);
}

}  // namespace winnow::net
