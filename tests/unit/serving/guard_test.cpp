#include "guard.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "running_site.hpp"
#include "solve.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/json.hpp"

namespace winnow::serving {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kApi = "/api/classify";

class Guarded : public testing::Test {
 protected:
  // A site whose protection a test changes.
  RunningSite& site(const std::function<void(SecurityOptions&)>& change,
                    const RunningSite::Change& more = {}) {
    site_ = std::make_unique<RunningSite>(std::make_unique<ColourClassifier>(), [&](SiteOptions& options) {
      change(options.security);
      if (more) more(options);
      options.access_log = [this](const std::string& line) {
        const std::lock_guard lock(mutex_);
        log_ += line;
      };
    });
    return *site_;
  }

  std::string key(const std::string& name, const std::vector<std::string>& scopes, std::uint64_t quota = 0) {
    return add_api_key(folder_ / "keys.json", name, scopes, quota);
  }

  test::TemporaryFolder folder_;
  std::mutex mutex_;
  std::string log_;
  std::unique_ptr<RunningSite> site_;
};

std::string code_of(const Reply& reply) {
  const Json json = Json::parse(reply.body, nullptr, false);
  return json.is_object() ? json.value("type", "") : "";
}

TEST_F(Guarded, ClientsMayAskSoOften) {
  RunningSite& one = site([](SecurityOptions& options) {
    options.rate = 0.01;
    options.burst = 2;
  });
  const Reply first = one.post(kApi, red_jpeg());
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.header("ratelimit-policy"), "\"default\";q=2;w=200");
  EXPECT_THAT(first.header("ratelimit"), testing::StartsWith("\"default\";r=1;t="));
  EXPECT_EQ(one.get("/").status, 200);
  const Reply refused = one.post(kApi, red_jpeg());
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(code_of(refused), "urn:winnow:problem:too-many-requests");
  EXPECT_THAT(refused.header("ratelimit"), testing::StartsWith("\"default\";r=0;t="));
  EXPECT_GT(std::stoi(refused.header("retry-after")), 90);
  EXPECT_EQ(one.get("/nowhere").status, 429) << "unknown paths count, too";
  EXPECT_EQ(one.get("/healthz").status, 200) << "health is never refused";
  EXPECT_EQ(one.get("/readyz").status, 200);
}

TEST_F(Guarded, ClientsBehindATrustedProxyAreToldApart) {
  RunningSite& one = site(
      [](SecurityOptions& options) {
        options.rate = 0.01;
        options.burst = 1;
      },
      [](SiteOptions& options) { options.server.proxies.networks = {*httpd::parse_network("127.0.0.1")}; });
  EXPECT_EQ(one.get("/", "X-Forwarded-For: 192.0.2.1\r\n").status, 200);
  EXPECT_EQ(one.get("/", "X-Forwarded-For: 192.0.2.2\r\n").status, 200);
  EXPECT_EQ(one.get("/", "X-Forwarded-For: 9.9.9.9, 192.0.2.1\r\n").status, 429);
  EXPECT_EQ(one.get("/", "X-Forwarded-For: 2001:db8::1\r\n").status, 200);
  EXPECT_EQ(one.get("/", "X-Forwarded-For: 2001:db8::2\r\n").status, 429) << "one customer";
  EXPECT_EQ(one.get("/", "X-Forwarded-For: 2001:db8:0:1::1\r\n").status, 200);
}

TEST_F(Guarded, NobodyElseIsBelieved) {
  RunningSite& one = site([](SecurityOptions& options) {
    options.rate = 0.01;
    options.burst = 1;
  });
  EXPECT_EQ(one.get("/", "X-Forwarded-For: 192.0.2.1\r\n").status, 200);
  EXPECT_EQ(one.get("/", "X-Forwarded-For: 192.0.2.2\r\n").status, 429);
}

TEST_F(Guarded, PagesOfOthersMayNotSend) {
  RunningSite& one = site([](SecurityOptions&) {});
  const std::string own = "Origin: http://127.0.0.1:" + std::to_string(one.port()) + "\r\n";
  const auto status = [&](const std::string& headers) { return one.post(kApi, red_jpeg(), headers).status; };
  EXPECT_EQ(status(""), 200) << "programs say nothing of it";
  EXPECT_EQ(status("Sec-Fetch-Site: same-origin\r\n"), 200);
  EXPECT_EQ(status("Sec-Fetch-Site: none\r\n"), 200);
  EXPECT_EQ(status("Sec-Fetch-Site: cross-site\r\n"), 403);
  EXPECT_EQ(status("Sec-Fetch-Site: same-site\r\n"), 403);
  EXPECT_EQ(status("Origin: https://evil.example\r\n"), 403);
  EXPECT_EQ(status("Origin: null\r\n"), 403);
  EXPECT_EQ(status("Sec-Fetch-Site: cross-site\r\n" + own), 403);
  const Form form = Form().add_file("file", "red.jpg", red_jpeg());
  const std::string type = Form::kType;
  EXPECT_EQ(one.post("/classify", form.body(), type + "Sec-Fetch-Site: cross-site\r\n").status, 403);
  EXPECT_EQ(one.post("/classify", form.body(), type + "Sec-Fetch-Site: same-origin\r\n").status, 200);
  EXPECT_EQ(one.get("/", "Sec-Fetch-Site: cross-site\r\n").status, 200) << "links lead here";
}

TEST_F(Guarded, PagesThatAreAllowedToMaySend) {
  RunningSite& one = site([](SecurityOptions&) {},
                          [](SiteOptions& options) { options.cors_origins = {"https://shop.example"}; });
  const auto status = [&](const std::string& origin) {
    return one.post(kApi, red_jpeg(), "Sec-Fetch-Site: cross-site\r\nOrigin: " + origin + "\r\n").status;
  };
  EXPECT_EQ(status("https://shop.example"), 200);
  EXPECT_EQ(status("https://evil.example"), 403);
}

TEST_F(Guarded, KeysLetProgramsIn) {
  const std::string shop = key("shop", {"classify"});
  const std::string monitor = key("monitor", {"metrics"});
  RunningSite& one = site([&](SecurityOptions& options) {
    options.keys = folder_ / "keys.json";
    options.require_key = true;
  });
  const auto status = [&](const std::string& headers) { return one.post(kApi, red_jpeg(), headers).status; };
  EXPECT_EQ(status("Authorization: Bearer " + shop + "\r\n"), 200);
  EXPECT_EQ(status("authorization: bearer " + shop + "\r\n"), 200);
  EXPECT_EQ(status("X-Api-Key: " + shop + "\r\n"), 200);
  EXPECT_EQ(status("X-Api-Key: " + shop + "x\r\n"), 401);
  EXPECT_EQ(status("Authorization: Basic " + shop + "\r\n"), 401);
  EXPECT_EQ(status("X-Api-Key: " + monitor + "\r\n"), 403);
  const Reply refused = one.post(kApi, red_jpeg());
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.header("www-authenticate"), "Bearer realm=\"winnow\"");
  EXPECT_EQ(code_of(refused), "urn:winnow:problem:key-required");
  EXPECT_EQ(one.get("/v1/models").status, 401);
  EXPECT_EQ(one.get("/v2/models/test").status, 401);
  EXPECT_EQ(one.get("/v2").status, 401);
  EXPECT_EQ(one.get("/v1/models", "X-Api-Key: " + shop + "\r\n").status, 200);
  EXPECT_EQ(one.post("/classify", Form().add_file("file", "red.jpg", red_jpeg())).status, 401);
  for (const char* open :
       {"/", "/healthz", "/readyz", "/v2/health/live", "/api/openapi.json", "/models/test"}) {
    EXPECT_EQ(one.get(open).status, 200) << open;
  }
  one.destroy();
  EXPECT_THAT(log_, Not(HasSubstr(shop)));
  EXPECT_THAT(log_, Not(HasSubstr("winnow_")));
  EXPECT_THAT(log_, HasSubstr(kApi)) << "but it was written";
}

TEST_F(Guarded, KeysAreNotNeededUnlessAskedForButWrongOnesAreRefused) {
  const std::string shop = key("shop", {"classify"});
  RunningSite& one = site([&](SecurityOptions& options) { options.keys = folder_ / "keys.json"; });
  EXPECT_EQ(one.post(kApi, red_jpeg()).status, 200);
  EXPECT_EQ(one.post(kApi, red_jpeg(), "X-Api-Key: " + shop + "\r\n").status, 200);
  EXPECT_EQ(one.post(kApi, red_jpeg(), "X-Api-Key: wrong\r\n").status, 401);
}

TEST_F(Guarded, KeysHaveQuotasAndCanBeRevoked) {
  const std::string shop = key("shop", {"classify"}, 1);
  RunningSite& one = site([&](SecurityOptions& options) { options.keys = folder_ / "keys.json"; });
  const std::string header = "X-Api-Key: " + shop + "\r\n";
  EXPECT_EQ(one.post(kApi, red_jpeg(), header).status, 200);
  const Reply refused = one.post(kApi, red_jpeg(), header);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(code_of(refused), "urn:winnow:problem:quota-exceeded");
  EXPECT_GT(std::stoi(refused.header("retry-after")), 0);
  revoke_api_key(folder_ / "keys.json", "shop");
  one->refresh_keys();
  EXPECT_EQ(one.post(kApi, red_jpeg(), header).status, 401);
}

TEST_F(Guarded, MetricsAreForThisMachineAndForKeys) {
  const std::string monitor = key("monitor", {"metrics"});
  const std::string shop = key("shop", {"classify"});
  RunningSite& one = site([&](SecurityOptions& options) { options.keys = folder_ / "keys.json"; });
  const std::string foreign = "X-Forwarded-For: 192.0.2.1\r\n";
  EXPECT_EQ(one.get("/metrics").status, 200);
  EXPECT_EQ(one.get("/metrics", foreign).status, 401) << "a proxy that nobody trusts asks for somebody";
  EXPECT_EQ(one.get("/metrics", foreign + "X-Api-Key: " + monitor + "\r\n").status, 200);
  EXPECT_EQ(one.get("/metrics", foreign + "X-Api-Key: " + shop + "\r\n").status, 403);
  RunningSite& open = site([](SecurityOptions& options) { options.open_metrics = true; });
  EXPECT_EQ(open.get("/metrics", foreign).status, 200);
  RunningSite& worker = site([&](SecurityOptions& options) { options.keys = folder_ / "keys.json"; },
                             [](SiteOptions& options) { options.status_only = true; });
  EXPECT_EQ(worker.get("/metrics").status, 200);
  EXPECT_EQ(worker.get("/metrics", foreign).status, 401);
  EXPECT_EQ(worker.get("/metrics", foreign + "X-Api-Key: " + monitor + "\r\n").status, 200);
  EXPECT_EQ(worker.get("/readyz", foreign).status, 200) << "whoever starts it asks";
}

TEST_F(Guarded, TheGateIsPassedByWork) {
  RunningSite& one = site([](SecurityOptions& options) {
    options.gate = Gate::kProofOfWork;
    options.work = 100;
  });
  const Reply closed = one.post(kApi, red_jpeg());
  EXPECT_EQ(closed.status, 403);
  EXPECT_EQ(code_of(closed), "urn:winnow:problem:gate-closed");
  const Reply challenge = one.get("/api/challenge");
  EXPECT_EQ(challenge.header("cache-control"), "no-store");
  const std::string answer =
      std::string(kGateHeader) + ": " + encode(solve(Json::parse(challenge.body))) + "\r\n";
  EXPECT_EQ(one.post(kApi, "", "Content-Type: text/html\r\n" + answer).status, 415);
  EXPECT_EQ(one.post(kApi, red_jpeg(), answer).status, 200) << "what was refused has not used it up";
  const Reply again = one.post(kApi, red_jpeg(), answer);
  EXPECT_EQ(again.status, 403);
  EXPECT_EQ(code_of(again), "urn:winnow:problem:gate-used");
  EXPECT_EQ(one.post(kApi, red_jpeg(), std::string(kGateHeader) + ": nonsense\r\n").status, 403);
  EXPECT_EQ(one.get("/v1/models").status, 401) << "programs need a key";
  EXPECT_THAT(one.get("/").body, HasSubstr("data-gate=\"work\""));
}

TEST_F(Guarded, ThePlainFormSaysWhatTheGateNeeds) {
  RunningSite& one = site([](SecurityOptions& options) { options.gate = Gate::kProofOfWork; });
  const Reply reply = one.post("/classify", Form().add_file("file", "red.jpg", red_jpeg()));
  EXPECT_EQ(reply.status, 403);
  EXPECT_THAT(reply.header("content-type"), HasSubstr("text/html"));
  EXPECT_THAT(reply.body, HasSubstr("allow JavaScript"));
  EXPECT_THAT(one.get("/").body, HasSubstr("<noscript>"));
}

TEST_F(Guarded, ThereIsNoGateUnlessAskedFor) {
  RunningSite& one = site([](SecurityOptions&) {});
  EXPECT_EQ(one.get("/api/challenge").status, 404);
  EXPECT_THAT(one.get("/").body, Not(HasSubstr("<noscript>")));
  EXPECT_EQ(one.post(kApi, red_jpeg()).status, 200);
}

TEST_F(Guarded, KeysPassTheGate) {
  const std::string shop = key("shop", {"classify"});
  RunningSite& one = site([&](SecurityOptions& options) {
    options.gate = Gate::kProofOfWork;
    options.keys = folder_ / "keys.json";
  });
  const std::string header = "X-Api-Key: " + shop + "\r\n";
  EXPECT_EQ(one.post(kApi, red_jpeg(), header).status, 200);
  EXPECT_EQ(one.get("/v1/models", header).status, 200);
}

TEST_F(Guarded, EveryAnswerCarriesTheHeadersThatProtectBrowsers) {
  RunningSite& one = site([](SecurityOptions&) {});
  for (const Reply& reply : {one.get("/"), one.get("/models/test"), one.get("/nowhere"), one.get("/healthz"),
                             one.post("/classify", Form()), one.post(kApi, red_jpeg())}) {
    EXPECT_THAT(reply.header("content-security-policy"), HasSubstr("default-src 'none'"));
    EXPECT_THAT(reply.header("content-security-policy"), HasSubstr("frame-ancestors 'none'"));
    EXPECT_THAT(reply.header("content-security-policy"), Not(HasSubstr("unsafe")));
    EXPECT_EQ(reply.header("x-content-type-options"), "nosniff");
    EXPECT_EQ(reply.header("x-frame-options"), "DENY");
    EXPECT_EQ(reply.header("referrer-policy"), "no-referrer");
    EXPECT_EQ(reply.header("cross-origin-opener-policy"), "same-origin");
    EXPECT_THAT(reply.header("permissions-policy"), HasSubstr("microphone=()"));
    EXPECT_EQ(reply.header("strict-transport-security"), "") << "without TLS it would mean nothing";
    EXPECT_EQ(reply.header("set-cookie"), "");
    EXPECT_EQ(reply.header("server"), "");
  }
}

}  // namespace
}  // namespace winnow::serving
