// Who asks, and from where: cookies, tokens, origins.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "winnow/httpd/message.hpp"
#include "winnow/jobs/accounts.hpp"

namespace winnow::portal {

// A request with its sender.
struct Visit {
  httpd::Request request;
  // Of the cookie, whether or not anybody is signed in with it: the tokens of forms are made of it.
  std::string session;
  bool fresh = false;              // the session is new, and the answer has to set the cookie
  std::optional<jobs::User> user;  // of the session or of the token
  bool by_token = false;

  // A field of the form that has been sent; empty if it is not there.
  [[nodiscard]] std::string field(std::string_view name) const;
};

// "/api/...": what programs ask, and are answered in JSON.
[[nodiscard]] bool is_api(std::string_view path);
// A person with a browser, and not a script of ours or a program.
[[nodiscard]] bool wants_page(const httpd::Request& request);
[[nodiscard]] bool is_unsafe(std::string_view method);

// What a browser shows; empty if it is nothing that we could have given it.
[[nodiscard]] std::string session_of(const httpd::Request& request, bool secure);
// Authorization: Bearer TOKEN.
[[nodiscard]] std::optional<std::string> bearer_of(const httpd::Request& request);
// Set-Cookie. An empty session takes the cookie away.
[[nodiscard]] std::string cookie_of(std::string_view session, bool secure, jobs::Microseconds lifetime);

// Whether the page of another site has sent it. Browsers say so: Sec-Fetch-Site where the connection is safe,
// and Origin with every form.
[[nodiscard]] bool is_foreign(const httpd::Request& request, std::string_view public_url);

// A path of this portal to go to after signing in: what somebody else's link says is not believed.
[[nodiscard]] std::string safe_target(const std::optional<std::string>& wanted);

}  // namespace winnow::portal
