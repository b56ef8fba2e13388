#include "visit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sinks.hpp"
#include "winnow/core/text.hpp"
#include "winnow/jobs/token.hpp"

namespace winnow::portal {
namespace {

// __Host-: browsers take it only from us, over TLS, and show it to nobody else.
constexpr std::string_view kSecureName = "__Host-winnow";
constexpr std::string_view kPlainName = "winnow";

}  // namespace

std::string Visit::field(std::string_view name) const {
  const auto* form = dynamic_cast<const FormSink*>(request.sink.get());
  return form == nullptr ? "" : httpd::find_parameter(form->text(), name).value_or("");
}

bool is_api(std::string_view path) {
  return path.starts_with("/api/") || path.starts_with("/webhooks/");
}

bool wants_page(const httpd::Request& request) {
  return !is_api(request.path) &&
         request.headers.find_joined("Accept").value_or("").find("text/html") != std::string::npos;
}

bool is_unsafe(std::string_view method) {
  return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

std::string session_of(const httpd::Request& request, bool secure) {
  const std::string cookies = request.headers.find_joined("Cookie").value_or("");
  for (const std::string_view cookie : split(cookies, ';')) {
    const std::size_t equals = cookie.find('=');
    if (equals == std::string_view::npos) continue;
    if (trim(cookie.substr(0, equals)) != (secure ? kSecureName : kPlainName)) continue;
    const std::string_view value = trim(cookie.substr(equals + 1));
    if (jobs::token_hash(jobs::TokenKind::kSession, value)) return std::string(value);
  }
  return "";
}

std::optional<std::string> bearer_of(const httpd::Request& request) {
  const auto value = request.headers.find("Authorization");
  constexpr std::string_view kScheme = "bearer ";
  if (!value || to_lower(value->substr(0, kScheme.size())) != kScheme) return std::nullopt;
  return std::string(trim(value->substr(kScheme.size())));
}

std::string cookie_of(std::string_view session, bool secure, jobs::Microseconds lifetime) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(lifetime).count();
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{}", secure ? kSecureName : kPlainName,
                     session, session.empty() ? 0 : seconds, secure ? "; Secure" : "");
}

bool is_foreign(const httpd::Request& request, std::string_view public_url) {
  if (const auto site = request.headers.find("Sec-Fetch-Site"))
    return *site != "same-origin" && *site != "none";
  const auto origin = request.headers.find("Origin");
  if (!origin) return false;
  const std::string own = to_lower(*origin);
  if (!public_url.empty() && own == to_lower(public_url)) return false;
  const std::size_t slashes = own.find("://");
  const std::string host = to_lower(request.headers.find("Host").value_or(""));
  return slashes == std::string::npos || own.substr(slashes + 3) != host;
}

std::string safe_target(const std::optional<std::string>& wanted) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '/' || c == '-' || c == '.';
  };
  if (!wanted || !std::ranges::all_of(*wanted, plain)) return "/jobs";
  for (const std::string_view known : {"/jobs", "/account", "/upgrade"}) {
    if (*wanted == known || wanted->starts_with(std::string(known) + "/")) return *wanted;
  }
  return "/jobs";
}

}  // namespace winnow::portal
