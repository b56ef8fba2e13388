#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "winnow/core/log.hpp"
#include "winnow/httpd/message.hpp"
#include "winnow/net/http_client.hpp"
#include "winnow/serving/security.hpp"

namespace winnow::serving {

// What the page of a service needs: reCAPTCHA, hCaptcha and Turnstile work alike.
struct CaptchaService {
  std::string_view verify_url;
  std::string_view script;  // address
  std::string_view
      origins;  // for the Content-Security-Policy: where script, frames and requests may come from
  std::string_view css_class;  // of the element that the script fills
  std::string_view field;      // of the form, in which it puts its token
};
// Null for a gate that is none of theirs.
[[nodiscard]] const CaptchaService* captcha_service(Gate gate);

// Asks such a service whether a token is good. Everything but a clear yes is a no. Thread-safe.
class Captcha {
 public:
  // Throws Error{kUsage} without secret and site key, Error{kInvalid | kNotFound | kIo} for a secret that
  // cannot be read and an address that is none.
  Captcha(const SecurityOptions& options, Logger& log);

  // Calls back once, with why the token is refused, or nothing; on another thread.
  void verify(const std::string& token, const std::string& remote_address,
              std::function<void(std::optional<httpd::Problem>)> judged);

 private:
  Logger& log_;
  std::string secret_;
  std::optional<net::Url> url_;
  std::unique_ptr<net::HttpClient> client_;
};

}  // namespace winnow::serving
