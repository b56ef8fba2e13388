#include "winnow/portal/portal.hpp"

#include <algorithm>
#include <thread>

#include "portal_fixture.hpp"
#include "winnow/core/json.hpp"

namespace winnow::portal {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(Portal, KnowsItsOwnPaths) {
  RunningPortal running;
  const Portal& portal = running.portal();
  for (const char* path : {"/jobs", "/jobs/1", "/account", "/account/plan", "/register", "/sign-in",
                           "/sign-out", "/confirm", "/upgrade", "/api/v1/jobs", "/webhooks/stripe"})
    EXPECT_TRUE(portal.owns(path)) << path;
  for (const char* path : {"/", "/jobsx", "/api/classify", "/v1/models", "/metrics", "/registered"})
    EXPECT_FALSE(portal.owns(path)) << path;
}

TEST(Portal, AFullPoolAnswers503AtOnceAndIsThereAgainLater) {
  RunningPortal running([](PortalOptions& options) {
    options.threads = 1;
    options.queue = 1;
  });
  Browser browser(running);
  browser.register_as("ann@example.org");
  running.hold_database(true);
  std::vector<std::unique_ptr<RawClient>> waiting;
  const std::string ask = "GET /jobs HTTP/1.1\r\nHost: x\r\nCookie: " + browser.cookie + "\r\n\r\n";
  // One is being answered and one waits. Which is which takes a moment to be settled.
  Reply refused;
  for (int i = 0; i < 200 && refused.status != 503; ++i) {
    auto client = std::make_unique<RawClient>(running.port());
    client->send(ask);
    std::this_thread::sleep_for(5ms);
    if (waiting.size() < 3) {
      waiting.push_back(std::move(client));
      continue;
    }
    refused = client->read_reply();
  }
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.header("retry-after"), "2");
  running.hold_database(false);
  // Which of them that are is not said: they come on connections of their own.
  const auto answered =
      std::ranges::count_if(waiting, [](const auto& client) { return client->read_reply().status == 200; });
  EXPECT_GE(answered, 1);
  EXPECT_EQ(browser.get("/jobs").status, 200);
}

TEST(Portal, TheCookieIsOnlyOursWhereThereIsTls) {
  RunningPortal running([](PortalOptions& options) { options.secure_cookies = true; });
  const Reply secure = test::request(running.port(), "GET", "/sign-in");
  EXPECT_THAT(secure.header("set-cookie"),
              testing::MatchesRegex("__Host-winnow=wns_[A-Za-z0-9_-]{43}; Path=/; "
                                    "Max-Age=2592000; HttpOnly; SameSite=Lax; Secure"));
  RunningPortal plain;
  EXPECT_THAT(
      test::request(plain.port(), "GET", "/sign-in").header("set-cookie"),
      testing::MatchesRegex("winnow=wns_[A-Za-z0-9_-]{43}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"));
}

TEST(Portal, FormsAreBelievedOnlyWithTheirTokenAndFromHere) {
  RunningPortal running;
  Browser browser(running);
  browser.register_as("ann@example.org");
  const std::string cookie = "Cookie: " + browser.cookie + "\r\n";
  const std::string form = "csrf=" + browser.token() + "&plan=premium&name=x&id=1";
  for (const char* path : {"/sign-out", "/account/plan", "/account/tokens", "/account/tokens/revoke",
                           "/register", "/sign-in", "/confirm"}) {
    EXPECT_EQ(test::request(running.port(), "POST", path, "plan=premium&csrf=x", cookie).status, 403) << path;
    EXPECT_EQ(test::request(running.port(), "POST", path, form).status, 403) << path << ": no cookie";
    for (const char* origin :
         {"Origin: http://evil.example\r\n", "Sec-Fetch-Site: cross-site\r\n", "Origin: null\r\n"})
      EXPECT_EQ(test::request(running.port(), "POST", path, form, cookie + origin).status, 403)
          << path << origin;
  }
  EXPECT_EQ(running.ask("SELECT tier FROM users"), "free");
  Browser other(running);
  other.register_as("bob@example.org");
  EXPECT_EQ(
      test::request(running.port(), "POST", "/account/plan", "plan=premium&csrf=" + other.token(), cookie)
          .status,
      403)
      << "somebody else's token";
  EXPECT_EQ(test::request(running.port(), "POST", "/account/plan", form, cookie).status, 303);
}

TEST(Portal, AFormIsSmall) {
  RunningPortal running;
  EXPECT_EQ(test::request(running.port(), "POST", "/sign-in", std::string((64 << 10) + 1, 'x')).status, 413);
}

TEST(Portal, ADatabaseThatFailsIsNoSecretAndNoEnd) {
  RunningPortal running;
  Browser browser(running);
  browser.register_as("ann@example.org");
  running.database().write([](jobs::Transaction& transaction) {
    (void)transaction.run("ALTER TABLE credentials RENAME TO away");
  });
  const Reply reply = browser.get("/jobs");
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(reply.body, testing::Not(HasSubstr("credentials")));
  EXPECT_EQ(reply.header("retry-after"), "10");
  EXPECT_THAT(running.messages(), HasSubstr("GET /jobs, request " + reply.header("x-request-id") + ": "));
  running.database().write([](jobs::Transaction& transaction) {
    (void)transaction.run("ALTER TABLE away RENAME TO credentials");
  });
  EXPECT_EQ(browser.get("/jobs").status, 200);
}

TEST(Portal, TheDescriptionNamesWhatThereIs) {
  RunningPortal running;
  const Reply reply = test::request(running.port(), "GET", "/api/v1/openapi.json");
  ASSERT_EQ(reply.status, 200);
  const Json description = Json::parse(reply.body);
  for (const auto& [path, methods] : description["paths"].items()) {
    std::string real = path;
    if (const auto id = real.find("{id}"); id != std::string::npos) real.replace(id, 4, "0123");
    for (const auto& [method, operation] : methods.items()) {
      if (method == "parameters") continue;
      std::string upper = method;
      for (char& c : upper) c = static_cast<char>(std::toupper(c));
      const int status = test::request(running.port(), upper, real).status;
      EXPECT_TRUE(operation["responses"].contains(std::to_string(status)))
          << upper << " " << real << ": " << status;
    }
  }
}

TEST(Portal, OptionsThatMakeNoSenseAreRefused) {
  const auto refuses = [](const std::function<void(PortalOptions&)>& change) {
    try {
      const RunningPortal running(change);
      return false;
    } catch (const Error& error) {
      return error.kind() == ErrorKind::kUsage;
    }
  };
  EXPECT_TRUE(refuses([](PortalOptions& options) { options.threads = 0; }));
  EXPECT_TRUE(refuses([](PortalOptions& options) { options.queue = 0; }));
  EXPECT_TRUE(refuses([](PortalOptions& options) { options.spool.clear(); }));
  EXPECT_TRUE(refuses([](PortalOptions& options) { options.provider = PlanProvider::kStripe; }));
  EXPECT_TRUE(refuses([](PortalOptions& options) { options.sign_ins_of_client.per_minute = 0; }));
}

}  // namespace
}  // namespace winnow::portal
