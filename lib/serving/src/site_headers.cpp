#include "site_headers.hpp"

#include <fmt/format.h>

#include <string_view>

#include "captcha.hpp"

namespace winnow::serving {
namespace {

// Nothing from elsewhere runs or loads, and the site stands in no frame. Answers are kept by nobody unless
// they say otherwise.
// foreign: origins of the gate's service, if there is one.
httpd::Headers site_headers(std::string_view foreign) {
  const std::string frames = foreign.empty() ? "" : fmt::format("frame-src {}; ", foreign);
  return {
      {"Content-Security-Policy",
       fmt::format("default-src 'none'; script-src 'self' {0}; style-src 'self'; img-src 'self' blob: data:; "
                   "connect-src 'self' {0}; {1}form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
                   foreign, frames)},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Permissions-Policy", "geolocation=(), microphone=(), payment=(), usb=()"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Cache-Control", "no-store"}};
}

}  // namespace

httpd::ServerOptions with_site_headers(httpd::ServerOptions options, Gate gate) {
  const CaptchaService* service = captcha_service(gate);
  options.headers = site_headers(service == nullptr ? "" : service->origins);
  // A year, as preload lists ask for (RFC 6797).
  if (options.tls) options.headers.add("Strict-Transport-Security", "max-age=31536000");
  return options;
}

}  // namespace winnow::serving
