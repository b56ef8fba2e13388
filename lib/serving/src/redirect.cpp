#include "winnow/serving/redirect.hpp"

#include <fmt/format.h>

#include <cctype>
#include <cstring>
#include <string>

namespace winnow::serving {
namespace {

constexpr std::uint16_t kHttpsPort = 443;
constexpr std::string_view kHostCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._[]:";

// "example.org:8080" -> "example.org", "[::1]:80" -> "[::1]".
std::string without_port(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  const bool is_port = colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
  return std::string(is_port ? host.substr(0, colon) : host);
}

// As it stands in an address again. parse_target() has let no "..", no control characters and nothing beyond
// ASCII through.
std::string encode_path(const std::string& path) {
  std::string encoded;
  for (const char c : path) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(c)) != 0 || std::strchr("/-._~:@!$&'()*+,;=", c);
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

// 308 keeps the method, so that what is sent by mistake arrives all the same; the picture went in the clear.
httpd::Response redirect(const httpd::Request& request, std::uint16_t tls_port) {
  const std::string host = without_port(request.headers.find("Host").value_or(""));
  if (host.empty() || host.find_first_not_of(kHostCharacters) != std::string::npos) {
    return httpd::problem_response(
        {400, "malformed-request", "The request does not say which host it is for.", {}});
  }
  std::string location = "https://" + host;
  if (tls_port != kHttpsPort) location += ":" + std::to_string(tls_port);
  location += encode_path(request.path);
  if (!request.query.empty()) location += "?" + request.query;
  return {308, {{"Location", location}, {"Cache-Control", "no-store"}}, ""};
}

}  // namespace

std::unique_ptr<httpd::Server> start_redirect(const httpd::ListenAddress& listen, std::uint16_t tls_port,
                                              Logger& log) {
  httpd::ServerOptions options;
  options.listen = listen;
  options.threads = 1;
  options.limits.body_bytes = 1 << 20;
  options.limits.buffered_bytes = 8 << 20;
  const auto answer = [tls_port](const httpd::Request& request, httpd::Responder respond) {
    respond(redirect(request, tls_port));
  };
  auto server = std::make_unique<httpd::Server>(options, httpd::Service{answer, {}, {}, {}}, log);
  server->start();
  return server;
}

}  // namespace winnow::serving
