#include "webhook_endpoint.hpp"

#include <fmt/format.h>

#include "hmac_of.hpp"
#include "portal_fixture.hpp"
#include "winnow/core/json.hpp"

namespace winnow::portal {
namespace {

class Webhook : public testing::Test {
 protected:
  Webhook() {
    browser.register_as("ann@example.org");
    user = portal.ask("SELECT id FROM users");
  }
  [[nodiscard]] static std::int64_t now() { return std::time(nullptr); }

  std::string event(const std::string& id, const std::string& status, std::int64_t created) const {
    const Json json = {
        {"id", id},
        {"object", "event"},
        {"type", status == "canceled" ? "customer.subscription.deleted" : "customer.subscription.updated"},
        {"created", created},
        {"data",
         {{"object",
           {{"id", "sub_1"},
            {"object", "subscription"},
            {"customer", "cus_1"},
            {"status", status},
            {"cancel_at_period_end", false},
            {"metadata", {{"user_id", user}}}}}}}};
    return json.dump();
  }
  Reply tell(const std::string& body, const std::string& secret = "whsec_x", std::int64_t at = now()) {
    const std::string signature = hmac_of(secret, std::to_string(at) + "." + body);
    return test::request(portal.port(), "POST", "/webhooks/stripe", body,
                         fmt::format("Stripe-Signature: t={},v1={}\r\n", at, signature));
  }
  static std::string heard(const Reply& reply) {
    EXPECT_EQ(reply.status, 200) << reply.body;
    return reply.status == 200 ? Json::parse(reply.body).value("heard", "") : "";
  }
  std::string tier() { return portal.ask("SELECT tier FROM users"); }

  RunningPortal portal{[](PortalOptions& options) {
    options.provider = PlanProvider::kStripe;
    options.webhook_secret = "whsec_x";
  }};
  Browser browser{portal};
  std::string user;
};

TEST_F(Webhook, WhatIsSignedChangesThePlanOnce) {
  const std::string body = event("evt_1", "active", now());
  EXPECT_EQ(heard(tell(body)), "news");
  EXPECT_EQ(tier(), "premium");
  EXPECT_EQ(heard(tell(body)), "again");
  EXPECT_EQ(heard(tell(event("evt_0", "canceled", now() - 100))), "stale") << "out of order";
  EXPECT_EQ(tier(), "premium");
  EXPECT_EQ(heard(tell(event("evt_2", "canceled", now() + 1))), "news");
  EXPECT_EQ(tier(), "free");
}

TEST_F(Webhook, WhatIsForgedOldOrBrokenChangesNothing) {
  const std::string body = event("evt_1", "active", now());
  EXPECT_EQ(tell(body, "whsec_y").status, 400);
  EXPECT_EQ(tell(body, "whsec_x", now() - 301).status, 400);
  EXPECT_EQ(test::request(portal.port(), "POST", "/webhooks/stripe", body).status, 400);
  EXPECT_EQ(test::request(portal.port(), "POST", "/webhooks/stripe").status, 400);
  EXPECT_EQ(tell("{").status, 400);
  EXPECT_EQ(tell(std::string((1U << 20) + 1, ' ')).status, 413);
  EXPECT_EQ(tier(), "free");
  EXPECT_EQ(test::request(portal.port(), "GET", "/webhooks/stripe").status, 405);
  EXPECT_THAT(portal.messages(), testing::Not(testing::HasSubstr("whsec_")));
}

TEST_F(Webhook, AnEventOfNobodyYetHasToComeAgain) {
  user = "0123";
  EXPECT_EQ(tell(event("evt_1", "active", now())).status, 409);
  user = portal.ask("SELECT id FROM users");
  EXPECT_EQ(heard(tell(event("evt_1", "active", now()))), "news");
}

TEST_F(Webhook, OtherEventsAreAcknowledged) {
  EXPECT_EQ(heard(tell(Json{{"id", "evt_9"},
                            {"object", "event"},
                            {"type", "customer.created"},
                            {"created", now()},
                            {"data", {{"object", {{"id", "cus_1"}}}}}}
                           .dump())),
            "nothing");
}

TEST(WebhookByHand, IsNotThere) {
  RunningPortal portal;
  EXPECT_EQ(test::request(portal.port(), "POST", "/webhooks/stripe", "{}").status, 404);
}

}  // namespace
}  // namespace winnow::portal
