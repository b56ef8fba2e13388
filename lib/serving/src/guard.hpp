#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "captcha.hpp"
#include "proof_of_work.hpp"
#include "winnow/core/log.hpp"
#include "winnow/httpd/message.hpp"
#include "winnow/httpd/rate_limiter.hpp"
#include "winnow/serving/api_keys.hpp"
#include "winnow/serving/security.hpp"

namespace winnow::serving {

// Whether a request is let in, going by its head. Thread-safe.
class Guard {
 public:
  // cors_origins: whose pages may ask. Throws what KeyRing throws.
  Guard(const SecurityOptions& options, const std::vector<std::string>& cors_origins, Logger& log);

  // First of all: how often this client asks, and whether a page of somebody else's asks in its name.
  [[nodiscard]] std::optional<httpd::Problem> check_client(const httpd::Request& request);
  // Last of all, because it uses up quotas and answers: whether it may have what it asks for.
  [[nodiscard]] std::optional<httpd::Problem> check_right(const httpd::Request& request);

  // Whether verify() has to be asked once the body is there.
  [[nodiscard]] bool must_verify(const httpd::Request& request) const;
  // Whether the visitor is no robot, by the token in the request's header or form. Calls back as Captcha
  // does.
  void verify(const httpd::Request& request, std::function<void(std::optional<httpd::Problem>)> judged);

  // What Access-Control-Allow-Origin says to a page from there: "*", itself, or nothing.
  [[nodiscard]] std::optional<std::string> allowed_origin(std::string_view origin) const;

  // Tells a client how much it may still ask.
  void add_rate(const std::string& remote_address, httpd::Response& response) const;

  // A sum for GET /api/challenge; nothing if there is no such gate.
  [[nodiscard]] std::optional<Json> challenge() const;

  void refresh_keys();

 private:
  [[nodiscard]] std::optional<httpd::Problem> check_rate(const httpd::Request& request);
  [[nodiscard]] std::optional<httpd::Problem> check_origin(const httpd::Request& request) const;
  [[nodiscard]] std::optional<httpd::Problem> check_key(std::string_view presented, std::string_view scope);
  [[nodiscard]] std::optional<httpd::Problem> check_work(const httpd::Request& request);

  const SecurityOptions options_;
  const std::vector<std::string> cors_origins_;
  std::unique_ptr<httpd::RateLimiter> limiter_;  // this and the next three: null where not asked for
  std::unique_ptr<KeyRing> keys_;
  std::unique_ptr<ProofOfWork> work_;
  std::unique_ptr<Captcha> captcha_;
};

// Of the script's requests: the answer to the sum, or the token of the service.
inline constexpr const char* kGateHeader = "X-Gate-Answer";

}  // namespace winnow::serving
