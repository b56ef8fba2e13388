#include "captcha.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

#include "guard.hpp"
#include "running_site.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/json.hpp"

namespace winnow::serving {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kApi = "/api/classify";
constexpr const char* kSecret = "0xSECRET+/=";

// Stands for the service: answers what a test says, and remembers what it was asked.
class CaptchaGate : public testing::Test {
 protected:
  CaptchaGate() {
    httpd::ServerOptions options;
    options.listen.port = 0;
    service_ = std::make_unique<httpd::Server>(
        options,
        httpd::Service{[this](const httpd::Request& request, httpd::Responder respond) {
                         const std::lock_guard lock(mutex_);
                         asked_.emplace_back(as_text(request.body));
                         respond(answer_);
                       },
                       {},
                       {},
                       {}},
        log_);
    service_->start();
    folder_.write("secret", std::string(kSecret) + "\n");
  }

  RunningSite site(Gate gate) {
    return RunningSite(std::make_unique<ColourClassifier>(), [&](SiteOptions& options) {
      options.security.gate = gate;
      options.security.captcha_verify_url = service_->url() + "/siteverify";
      options.security.captcha_secret_file = folder_ / "secret";
      options.security.captcha_site_key = "site<key>";
      options.access_log = [this](const std::string& line) {
        const std::lock_guard lock(mutex_);
        written_ << line;
      };
    });
  }

  void answer(int status, const std::string& body) {
    const std::lock_guard lock(mutex_);
    answer_ = httpd::text_response(status, body);
  }

  std::mutex mutex_;
  std::ostringstream written_;
  Logger log_{"test", std::make_shared<spdlog::sinks::ostream_sink_mt>(written_)};
  test::TemporaryFolder folder_;
  httpd::Response answer_ = httpd::text_response(200, R"({"success": true})");
  std::vector<std::string> asked_;
  std::unique_ptr<httpd::Server> service_;
};

const std::string kToken = "X-Gate-Answer: the&token\r\n";

TEST_F(CaptchaGate, LetsInWhomTheServiceLetsIn) {
  RunningSite one = site(Gate::kTurnstile);
  EXPECT_EQ(one.post(kApi, red_jpeg(), kToken).status, 200);
  ASSERT_EQ(asked_.size(), 1U);
  EXPECT_EQ(asked_[0], "secret=0xSECRET%2B%2F%3D&response=the%26token&remoteip=127.0.0.1");
  const Form form =
      Form().add_file("file", "red.jpg", red_jpeg()).add_field("cf-turnstile-response", "from-form");
  EXPECT_EQ(one.post("/classify", form).status, 200);
  EXPECT_THAT(asked_.at(1), HasSubstr("response=from-form"));
  one.destroy();
  EXPECT_THAT(written_.str(), Not(HasSubstr("SECRET")));
  EXPECT_THAT(written_.str(), Not(HasSubstr("token")));
}

TEST_F(CaptchaGate, StaysClosedWithoutAClearYes) {
  RunningSite one = site(Gate::kRecaptcha);
  const auto status = [&] { return one.post(kApi, red_jpeg(), kToken).status; };
  answer(200, R"({"success": false, "error-codes": ["timeout-or-duplicate"]})");
  EXPECT_EQ(status(), 403);
  answer(200, R"({"success": "true"})");
  EXPECT_EQ(status(), 503);
  answer(200, "yes");
  EXPECT_EQ(status(), 503);
  answer(200, "[]");
  EXPECT_EQ(status(), 503);
  answer(500, R"({"success": true})");
  EXPECT_EQ(status(), 503);
  answer(200, std::string(100'000, ' ') + R"({"success": true})");
  EXPECT_EQ(status(), 503);
  answer_ = {302, {{"Location", "/elsewhere"}}, ""};
  EXPECT_EQ(status(), 503);
  service_.reset();
  EXPECT_EQ(status(), 503);
}

TEST_F(CaptchaGate, AsksNobodyWithoutAToken) {
  RunningSite one = site(Gate::kHcaptcha);
  EXPECT_EQ(one.post(kApi, red_jpeg()).status, 403);
  EXPECT_EQ(one.post(kApi, red_jpeg(), "X-Gate-Answer: " + std::string(3000, 'x') + "\r\n").status, 403);
  const Reply form = one.post("/classify", Form().add_file("file", "red.jpg", red_jpeg()));
  EXPECT_EQ(form.status, 403);
  EXPECT_THAT(form.body, HasSubstr("needs JavaScript"));
  EXPECT_EQ(one.get("/v1/models").status, 401) << "programs need a key";
  EXPECT_TRUE(asked_.empty());
}

TEST_F(CaptchaGate, PutsTheServiceIntoThePageAndItsPolicy) {
  for (const auto& [gate, name, origin] :
       {std::tuple{Gate::kRecaptcha, "g-recaptcha", "https://www.google.com/recaptcha/"},
        std::tuple{Gate::kHcaptcha, "h-captcha", "https://hcaptcha.com"},
        std::tuple{Gate::kTurnstile, "cf-turnstile", "https://challenges.cloudflare.com"}}) {
    RunningSite one = site(gate);
    const Reply page = one.get("/");
    EXPECT_THAT(page.body,
                HasSubstr("<div class=\"" + std::string(name) + "\" data-sitekey=\"site&lt;key&gt;\">"));
    EXPECT_THAT(page.body, HasSubstr("data-gate=\"" + std::string(name) + "-response\""));
    EXPECT_THAT(page.header("content-security-policy"), HasSubstr(std::string("frame-src ") + origin));
  }
  EXPECT_THAT(RunningSite().get("/").header("content-security-policy"), Not(HasSubstr("https:")));
}

TEST_F(CaptchaGate, NeedsASecret) {
  folder_.write("secret", " \n");
  EXPECT_THROW(site(Gate::kTurnstile), Error);
  std::filesystem::remove(folder_ / "secret");
  EXPECT_THROW(site(Gate::kTurnstile), Error);
}

}  // namespace
}  // namespace winnow::serving
