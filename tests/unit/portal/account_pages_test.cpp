#include <fmt/format.h>

#include "portal_fixture.hpp"

namespace winnow::portal {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(AccountPages, APersonRegistersSignsOutAndSignsInAgain) {
  RunningPortal portal;
  Browser browser(portal);
  EXPECT_THAT(browser.get("/register").body, HasSubstr("autocomplete=\"new-password\""));
  const std::string anonymous = browser.cookie;
  browser.register_as("ann@example.org");
  EXPECT_NE(browser.cookie, anonymous) << "a session of before may be somebody else's";
  EXPECT_THAT(browser.get("/account").body, HasSubstr("ann@example.org"));
  const std::string before = browser.cookie;
  EXPECT_EQ(browser.post("/sign-out", "").header("location"), "/sign-in");
  EXPECT_EQ(browser.cookie, "");
  browser.cookie = before;
  EXPECT_EQ(browser.get("/account").header("location"), "/sign-in?to=/account") << "the session has ended";

  const Reply back = browser.post(
      "/sign-in",
      fmt::format("email={}&password={}&to=/account", form_text("Ann@EXAMPLE.org"), form_text(kPassword)));
  EXPECT_EQ(back.status, 403) << "the part before the @ is its owner's business";
  const Reply in = browser.post("/sign-in", fmt::format("email={}&password={}&to=/account",
                                                        form_text("ann@EXAMPLE.org"), form_text(kPassword)));
  EXPECT_EQ(in.status, 303);
  EXPECT_EQ(in.header("location"), "/account");
  EXPECT_EQ(browser.get("/account").status, 200);
}

TEST(AccountPages, WhatIsWrongIsSaidAboveTheForm) {
  RunningPortal portal;
  Browser browser(portal);
  const Reply address = browser.post("/register", "email=%3Cscript%3E&password=" + form_text(kPassword));
  EXPECT_EQ(address.status, 422);
  EXPECT_THAT(address.body, HasSubstr("role=\"alert\""));
  EXPECT_THAT(address.body, HasSubstr("value=\"&lt;script&gt;\"")) << "what was typed stays, harmless";
  EXPECT_EQ(browser.post("/register", "email=a%40example.org&password=short").status, 422);
  EXPECT_EQ(browser.post("/register", "").status, 422);
  browser.register_as("ann@example.org");
  Browser other(portal);
  const Reply taken = other.post("/register", "email=ann%40example.org&password=" + form_text(kPassword));
  EXPECT_EQ(taken.status, 422);
  const Reply wrong = other.post("/sign-in", "email=ann%40example.org&password=wrong-wrong");
  const Reply nobody = other.post("/sign-in", "email=nob%40example.org&password=wrong-wrong");
  EXPECT_EQ(wrong.status, 403);
  EXPECT_EQ(nobody.status, 403);
  EXPECT_THAT(wrong.body, HasSubstr("The address or the password is wrong."));
  EXPECT_THAT(nobody.body, HasSubstr("The address or the password is wrong."));
  EXPECT_THAT(portal.messages(), Not(HasSubstr("wrong-wrong")));
}

TEST(AccountPages, TriesAreLimitedForAClientAndForAnAccount) {
  RunningPortal portal([](PortalOptions& options) {
    options.sign_ins_of_account = {.per_minute = 1, .burst = 2};
    options.sign_ins_of_client = {.per_minute = 1, .burst = 4};
    options.registrations_of_client = {.per_minute = 1, .burst = 1};
  });
  Browser browser(portal);
  const std::string wrong = "&password=wrong-wrong";
  EXPECT_EQ(browser.post("/sign-in", "email=ann%40example.org" + wrong).status, 403);
  EXPECT_EQ(browser.post("/sign-in", "email=ann%40EXAMPLE.org" + wrong).status, 403);
  const Reply account = browser.post("/sign-in", "email=ann%40example.org" + wrong);
  EXPECT_EQ(account.status, 429) << "of this account";
  EXPECT_EQ(account.header("retry-after"), "60");
  EXPECT_EQ(browser.post("/sign-in", "email=bob%40example.org" + wrong).status, 403);
  EXPECT_EQ(browser.post("/sign-in", "email=cem%40example.org" + wrong).status, 429) << "of this client";

  browser.register_as("ann@example.org");
  Browser other(portal);
  EXPECT_EQ(other.post("/register", "email=b%40example.org&password=" + form_text(kPassword)).status, 429);
}

TEST(AccountPages, AnAddressIsConfirmedByAPressOfAButton) {
  RunningPortal portal([](PortalOptions& options) { options.accounts.confirm_addresses = true; });
  Browser browser(portal);
  browser.register_as("ann@example.org");
  EXPECT_THAT(browser.get("/account").body, HasSubstr("not confirmed yet"));
  EXPECT_EQ(browser.upload(some_pictures()).status, 403) << "not before";
  const std::string token = browser.make_token();
  const Reply refused = call(portal, token, "POST", "/api/v1/jobs", some_pictures());
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(refused.body, HasSubstr("urn:winnow:problem:address-unconfirmed"));

  portal.work_off();
  ASSERT_EQ(portal.sent.size(), 1U);
  const std::string& letter = portal.sent[0].body;
  const std::size_t at = letter.find("wnc_");
  const std::string secret = letter.substr(at, letter.find_first_of(" \n", at) - at);
  EXPECT_THAT(browser.get("/confirm?token=" + secret).body, HasSubstr(secret));
  EXPECT_THAT(browser.get("/account").body, HasSubstr("not confirmed yet")) << "a look confirms nothing";
  EXPECT_EQ(browser.post("/confirm", "token=wnc_no").status, 422);
  EXPECT_EQ(browser.post("/confirm", "token=" + secret).status, 200);
  EXPECT_EQ(browser.post("/confirm", "token=" + secret).status, 422) << "used";
  EXPECT_EQ(browser.upload(some_pictures()).status, 303);
}

TEST(AccountPages, PlansChangeByHandAndRenewTheSession) {
  RunningPortal portal;
  Browser browser(portal);
  browser.register_as("ann@example.org");
  EXPECT_THAT(browser.get("/account").body, HasSubstr("Free: uploads up to 153.6 kB"));
  const std::string before = browser.cookie;
  EXPECT_EQ(browser.post("/account/plan", "plan=premium").header("location"), "/account");
  EXPECT_NE(browser.cookie, before);
  EXPECT_EQ(portal.ask("SELECT tier FROM users"), "premium");
  EXPECT_THAT(browser.get("/account").body, HasSubstr("Premium: uploads up to"));
  EXPECT_EQ(browser.post("/account/plan", "plan=gold").status, 400);
  EXPECT_EQ(browser.post("/account/plan", "plan=free").status, 303);
  EXPECT_EQ(portal.ask("SELECT tier FROM users"), "free");
  Browser stale(portal);
  stale.cookie = before;
  EXPECT_EQ(stale.get("/account").status, 303) << "the session of before has ended";
}

TEST(AccountPages, WithAProviderThePlanIsALinkToIt) {
  RunningPortal portal([](PortalOptions& options) {
    options.provider = PlanProvider::kStripe;
    options.webhook_secret = "whsec_x";
    options.subscribe_link = "https://pay.example/p";
  });
  Browser browser(portal);
  browser.register_as("ann@example.org");
  const std::string id = portal.ask("SELECT id FROM users");
  EXPECT_THAT(browser.get("/account").body, HasSubstr("https://pay.example/p?client_reference_id=" + id));
  EXPECT_EQ(browser.post("/account/plan", "plan=premium").status, 404);
  EXPECT_EQ(portal.ask("SELECT tier FROM users"), "free");
}

TEST(AccountPages, TokensAreShownOnceAndRevoked) {
  RunningPortal portal;
  Browser browser(portal);
  browser.register_as("ann@example.org");
  const std::string token = browser.make_token();
  ASSERT_EQ(token.size(), 47U);
  const std::string page = browser.get("/account").body;
  EXPECT_THAT(page, Not(HasSubstr(token)));
  EXPECT_THAT(page, HasSubstr("laptop"));
  EXPECT_EQ(call(portal, token, "GET", "/api/v1/account").status, 200);
  const std::string id = portal.ask("SELECT hash FROM credentials WHERE kind='token'");

  Browser other(portal);
  other.register_as("bob@example.org");
  EXPECT_EQ(other.post("/account/tokens/revoke", "id=" + id).status, 303);
  EXPECT_EQ(call(portal, token, "GET", "/api/v1/account").status, 200) << "not his to revoke";
  EXPECT_EQ(browser.post("/account/tokens/revoke", "id=" + id).status, 303);
  EXPECT_EQ(call(portal, token, "GET", "/api/v1/account").status, 401);
}

TEST(AccountPages, TheUpgradePageSaysWhatPremiumGives) {
  RunningPortal portal;
  Browser browser(portal);
  EXPECT_THAT(browser.get("/upgrade").body, HasSubstr("/sign-in?to=/upgrade"));
  browser.register_as("ann@example.org");
  const std::string page = browser.get("/upgrade").body;
  EXPECT_THAT(page, HasSubstr("up to 153.6 kB"));
  EXPECT_THAT(page, HasSubstr("archived after 10 minutes"));
  EXPECT_THAT(page, HasSubstr("action=\"/account/plan\""));
  EXPECT_THAT(browser.get("/upgrade?too-large").body, HasSubstr("too large for a free account"));
}

}  // namespace
}  // namespace winnow::portal
