#include "guard.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "paths.hpp"
#include "uploads.hpp"
#include "winnow/core/text.hpp"
#include "winnow/httpd/client_address.hpp"

namespace winnow::serving {
namespace {

using httpd::Problem;
using httpd::Request;

bool is_health(const std::string& path) {
  return path == "/healthz" || path == "/readyz" || path.starts_with("/v2/health/");
}

bool of_the_page(const std::string& path) {
  return path == kApiPath || path == kFormPath;
}

// What a key must allow for this; empty where everybody is welcome.
std::string_view scope_of(const Request& request) {
  const std::string& path = request.path;
  if (request.method == "OPTIONS" || is_health(path)) return "";
  if (path == kMetricsPath) return "metrics";
  const bool protocol =
      path == "/v1" || path.starts_with("/v1/") || path == "/v2" || path.starts_with("/v2/");
  return protocol || (request.method == "POST" && of_the_page(path)) ? "classify" : "";
}

// Authorization: Bearer KEY (RFC 6750), or X-Api-Key: KEY.
std::optional<std::string_view> presented_key(const Request& request) {
  if (const auto plain = request.headers.find("X-Api-Key")) return trim(*plain);
  const std::optional<std::string_view> value = request.headers.find("Authorization");
  constexpr std::string_view kScheme = "bearer ";
  if (!value || to_lower(value->substr(0, kScheme.size())) != kScheme) return std::nullopt;
  return trim(value->substr(kScheme.size()));
}

// Behind a proxy that is not trusted, everybody seems to be this machine.
bool is_this_machine(const Request& request) {
  return httpd::is_loopback(request.remote_address) && request.headers.count("X-Forwarded-For") == 0 &&
         request.headers.count("Forwarded") == 0;
}

Problem unauthorised(const char* code, const char* detail) {
  return {401, code, detail, {{"WWW-Authenticate", "Bearer realm=\"winnow\""}}};
}

Problem gate_closed(ProofOfWork::Verdict verdict) {
  switch (verdict) {
    case ProofOfWork::Verdict::kExpired:
      return {403, "gate-expired", "The sum was solved too late; ask for a new one.", {}};
    case ProofOfWork::Verdict::kUsed:
      return {403, "gate-used", "The answer to the sum has been used; ask for a new one.", {}};
    case ProofOfWork::Verdict::kFull:
      return {503, "busy", "The server has too much to do; try again in a moment.", {{"Retry-After", "10"}}};
    default:
      return {403, "gate-wrong", "The answer to the sum is wrong; ask for a new one.", {}};
  }
}

}  // namespace

Guard::Guard(const SecurityOptions& options, const std::vector<std::string>& cors_origins, Logger& log)
    : options_(options), cors_origins_(cors_origins) {
  if (options.rate > 0) limiter_ = std::make_unique<httpd::RateLimiter>(options.rate, options.burst);
  if (!options.keys.empty()) keys_ = std::make_unique<KeyRing>(options.keys, log);
  if (options.gate == Gate::kProofOfWork) {
    const std::string secret =
        options.work_secret_file.empty() ? "" : read_work_secret(options.work_secret_file);
    work_ = std::make_unique<ProofOfWork>(options.work, options.work_lifetime, secret);
  }
  if (captcha_service(options.gate) != nullptr) captcha_ = std::make_unique<Captcha>(options, log);
}

std::optional<Problem> Guard::check_client(const Request& request) {
  if (std::optional<Problem> problem = check_rate(request)) return problem;
  return check_origin(request);
}

std::optional<Problem> Guard::check_rate(const Request& request) {
  if (!limiter_ || is_health(request.path)) return std::nullopt;
  const httpd::RateLimiter::Verdict verdict = limiter_->take(httpd::client_key(request.remote_address));
  if (verdict.allowed) return std::nullopt;
  return Problem{429,
                 "too-many-requests",
                 "You ask too often; wait for as many seconds as Retry-After says.",
                 {{"Retry-After", std::to_string(verdict.retry_after.count())}}};
}

void Guard::add_rate(const std::string& remote_address, httpd::Response& response) const {
  if (!limiter_) return;
  const httpd::RateLimiter::Verdict now = limiter_->look(httpd::client_key(remote_address));
  response.headers.set("RateLimit-Policy",
                       fmt::format("\"default\";q={};w={}", limiter_->burst(), limiter_->window().count()));
  response.headers.set("RateLimit", fmt::format("\"default\";r={};t={}", now.remaining, now.full_in.count()));
}

std::optional<std::string> Guard::allowed_origin(std::string_view origin) const {
  for (const std::string_view allowed : {std::string_view("*"), origin}) {
    if (std::ranges::find(cors_origins_, allowed) != cors_origins_.end()) return std::string(allowed);
  }
  return std::nullopt;
}

// There are no cookies and no passwords that a browser would send along by itself. But a page of somebody
// else's could have its visitors send pictures, and use up what they may ask. Browsers say who asks:
// Sec-Fetch-Site where the connection is safe, and Origin with every POST.
std::optional<Problem> Guard::check_origin(const Request& request) const {
  if (request.method != "POST") return std::nullopt;
  const auto origin = request.headers.find("Origin");
  if (allowed_origin(origin.value_or(""))) return std::nullopt;
  bool own = true;
  if (const auto site = request.headers.find("Sec-Fetch-Site")) {
    own = *site == "same-origin" || *site == "none";
  } else if (origin) {
    const std::size_t slashes = origin->find("://");
    const std::string_view host = request.headers.find("Host").value_or("");
    own = slashes != std::string_view::npos && to_lower(origin->substr(slashes + 3)) == to_lower(host);
  }
  if (own) return std::nullopt;
  return Problem{403, "cross-site", "A page of another site may not send pictures here; open this one.", {}};
}

std::optional<Problem> Guard::check_key(std::string_view presented, std::string_view scope) {
  const std::optional<ApiKey> key = keys_->find(presented);
  if (!key) return unauthorised("invalid-key", "The key is unknown or has been revoked.");
  if (!key->has_scope(scope)) {
    return Problem{
        403, "missing-scope", fmt::format("The key is not made for this; it needs the scope {}.", scope), {}};
  }
  const std::optional<std::chrono::seconds> wait = keys_->charge(*key);
  if (!wait) return std::nullopt;
  return Problem{
      429,
      "quota-exceeded",
      "The key has been used as often as it may be in a day; it can be used again after midnight UTC.",
      {{"Retry-After", std::to_string(wait->count())}}};
}

std::optional<Problem> Guard::check_work(const Request& request) {
  const auto answer = request.headers.find(kGateHeader);
  if (!answer) {
    return Problem{
        403,
        "gate-closed",
        "To keep robots out, the page's script solves a sum for each picture: allow JavaScript and try "
        "again. Programs need a key.",
        {}};
  }
  const ProofOfWork::Verdict verdict = work_->check(*answer);
  return verdict == ProofOfWork::Verdict::kGood ? std::nullopt : std::optional(gate_closed(verdict));
}

std::optional<Problem> Guard::check_right(const Request& request) {
  const std::string_view scope = scope_of(request);
  if (scope.empty()) return std::nullopt;
  if (keys_) {
    if (const auto presented = presented_key(request)) return check_key(*presented, scope);
  }
  if (scope == "metrics") {
    if (options_.open_metrics || is_this_machine(request)) return std::nullopt;
    return unauthorised("key-required", "Figures are for this machine, or for a key with the scope metrics.");
  }
  if (work_ && of_the_page(request.path)) return check_work(request);
  if (captcha_ && of_the_page(request.path)) return std::nullopt;  // until the body is there
  if (options_.gate == Gate::kNone && !options_.require_key) return std::nullopt;
  return unauthorised("key-required",
                      "Programs need a key here; send it as Authorization: Bearer KEY or X-Api-Key: KEY.");
}

bool Guard::must_verify(const Request& request) const {
  const bool has_key = keys_ && presented_key(request);  // a good one, or it would not have come this far
  return captcha_ && request.method == "POST" && of_the_page(request.path) && !has_key;
}

void Guard::verify(const Request& request, std::function<void(std::optional<Problem>)> judged) {
  std::optional<std::string> token;
  if (const auto header = request.headers.find(kGateHeader)) token = *header;
  if (!token) token = find_field(request, captcha_service(options_.gate)->field);
  if (!token || token->empty()) {
    return judged(
        Problem{403,
                "gate-closed",
                "Show first that you are no robot; the page needs JavaScript for that. Programs need a key.",
                {}});
  }
  captcha_->verify(*token, request.remote_address, std::move(judged));
}

std::optional<Json> Guard::challenge() const {
  return work_ ? std::optional(work_->challenge()) : std::nullopt;
}

void Guard::refresh_keys() {
  if (keys_) keys_->refresh();
}

}  // namespace winnow::serving
