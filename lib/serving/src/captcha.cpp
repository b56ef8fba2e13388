#include "captcha.hpp"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <utility>

#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/json.hpp"
#include "winnow/core/text.hpp"

namespace winnow::serving {
namespace {

using httpd::Problem;

constexpr std::size_t kLongestToken = 2048;
constexpr std::uint64_t kMostBytes = 65'536;  // of a secret, and of an answer

constexpr CaptchaService kRecaptcha = {"https://www.google.com/recaptcha/api/siteverify",
                                       "https://www.google.com/recaptcha/api.js",
                                       "https://www.google.com/recaptcha/ https://www.gstatic.com/recaptcha/",
                                       "g-recaptcha", "g-recaptcha-response"};
constexpr CaptchaService kHcaptcha = {
    "https://api.hcaptcha.com/siteverify", "https://js.hcaptcha.com/1/api.js",
    "https://hcaptcha.com https://*.hcaptcha.com", "h-captcha", "h-captcha-response"};
constexpr CaptchaService kTurnstile = {"https://challenges.cloudflare.com/turnstile/v0/siteverify",
                                       "https://challenges.cloudflare.com/turnstile/v0/api.js",
                                       "https://challenges.cloudflare.com", "cf-turnstile",
                                       "cf-turnstile-response"};

std::string encode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

Problem refused() {
  return {
      403, "gate-wrong", "The check that you are no robot was not passed, or has expired; do it again.", {}};
}

// Closed, because whoever can keep the service from answering could else come in.
Problem unavailable() {
  return {503,
          "gate-unavailable",
          "Whether you are a robot cannot be checked right now; try again in a moment.",
          {{"Retry-After", "5"}}};
}

}  // namespace

const CaptchaService* captcha_service(Gate gate) {
  switch (gate) {
    case Gate::kRecaptcha:
      return &kRecaptcha;
    case Gate::kHcaptcha:
      return &kHcaptcha;
    case Gate::kTurnstile:
      return &kTurnstile;
    default:
      return nullptr;
  }
}

Captcha::Captcha(const SecurityOptions& options, Logger& log) : log_(log) {
  if (options.captcha_secret_file.empty() || options.captcha_site_key.empty()) {
    throw Error(ErrorKind::kUsage, "--gate", "needs --captcha-secret-file and --captcha-site-key");
  }
  const std::string address = options.captcha_verify_url.empty()
                                  ? std::string(captcha_service(options.gate)->verify_url)
                                  : options.captcha_verify_url;
  Result<net::Url> url = net::Url::parse(address);
  if (!url) throw Error(ErrorKind::kInvalid, address, url.failure().message);
  url_ = std::move(*url);
  const Bytes content = read_file(options.captcha_secret_file, kMostBytes);
  secret_ = trim(as_text(content));
  if (secret_.empty())
    throw Error(ErrorKind::kInvalid, options.captcha_secret_file.string(), "holds no secret");
  net::HttpClientOptions client;
  client.refuse = {};  // the address is the administrator's, not a stranger's
  client.retry.retries = 0;
  client.limits = {.concurrent = 0, .interval = std::chrono::milliseconds(0)};
  client.breaker.failures = 0;
  client_ = std::make_unique<net::HttpClient>(std::move(client));
}

void Captcha::verify(const std::string& token, const std::string& remote_address,
                     std::function<void(std::optional<Problem>)> judged) {
  if (token.empty() || token.size() > kLongestToken) return judged(refused());
  net::HttpRequest request{.url = *url_, .max_bytes = kMostBytes};
  request.max_redirects = 0;
  request.timeouts.connect = request.timeouts.total = std::chrono::milliseconds(5000);
  request.form = std::make_shared<const std::string>(fmt::format(
      "secret={}&response={}&remoteip={}", encode(secret_), encode(token), encode(remote_address)));
  client_->submit(
      std::move(request), [this, judged = std::move(judged)](const Result<net::HttpResponse>& answer) {
        const Json json =
            answer && answer->status == 200 ? Json::parse(as_text(answer->body), nullptr, false) : Json();
        const bool clear = json.is_object() && json.contains("success") && json["success"].is_boolean();
        if (!clear) {
          log_.warn("the gate's service did not say whether a visitor is a robot: {}",
                    answer ? net::describe_status(answer->status) : answer.failure().code);
          return judged(unavailable());
        }
        judged(json["success"].get<bool>() ? std::nullopt : std::optional(refused()));
      });
}

}  // namespace winnow::serving
