#include "winnow/jobs/webhook.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "hmac.hpp"
#include "winnow/core/json.hpp"

namespace winnow::jobs {
namespace {

using namespace std::chrono_literals;

constexpr Seconds kNow{1'800'000'000s};
const std::string kSecret = "whsec_test";
const std::string kBody = R"({"id":"evt_1"})";

std::string digest(std::int64_t time, const std::string& body, const std::string& secret = kSecret) {
  std::string hex;
  for (const std::uint8_t byte : hmac_sha256(secret, std::to_string(time) + "." + body))
    hex += fmt::format("{:02x}", byte);
  return hex;
}

std::string header(std::int64_t seconds_ago = 0, const std::string& body = kBody) {
  const std::int64_t time = 1'800'000'000 - seconds_ago;
  return fmt::format("t={},v1={}", time, digest(time, body));
}

std::string code(const std::string& text, const std::string& body = kBody,
                 const std::string& secret = kSecret) {
  const auto objection = webhook_objection(text, body, secret, kNow);
  return objection ? objection->code : "";
}

TEST(WebhookSignature, AgreesWithAnotherImplementation) {
  // printf '1800000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test
  EXPECT_EQ(code("t=1800000000,v1=45705be2a45ab5acdd1395cc695e9e7073125385ec24194921c401dff44176f8"), "");
}

TEST(WebhookSignature, IsAcceptedWithinFiveMinutesEitherWay) {
  EXPECT_EQ(code(header()), "");
  EXPECT_EQ(code(header(300)), "");
  EXPECT_EQ(code(header(-300)), "");
  EXPECT_EQ(code(header(301)), "expired");
  EXPECT_EQ(code(header(-301)), "expired");
  EXPECT_EQ(code(header(1'800'000'000)), "expired");
}

TEST(WebhookSignature, AnyV1MayBeTheOne) {
  const std::string right = digest(1'800'000'000, kBody);
  const std::string wrong = digest(1'800'000'000, kBody, "whsec_old");
  EXPECT_EQ(code(fmt::format("t=1800000000,v1={},v1={}", wrong, right)), "");
  EXPECT_EQ(code(fmt::format("t=1800000000,v1={},v1={},v0=abc", right, wrong)), "");
  EXPECT_EQ(code(fmt::format("v0=abc,v1={},t=1800000000", right)), "");
  EXPECT_EQ(code(fmt::format("t=1800000000, v1={}", right)), "");
  EXPECT_EQ(code(fmt::format("t=1800000000,v1={},v1={}", wrong, wrong)), "wrong_signature");
  EXPECT_EQ(code(fmt::format("t=1800000000,v0={}", right)), "malformed");
  EXPECT_EQ(code(fmt::format("t=1800000000,v0={},v1={}", right, wrong)), "wrong_signature");
}

TEST(WebhookSignature, IsOfEveryByte) {
  EXPECT_EQ(code(header(), R"({"id":"evt_2"})"), "wrong_signature");
  EXPECT_EQ(code(header(), R"({"id": "evt_1"})"), "wrong_signature");  // the same JSON
  EXPECT_EQ(code(header(), kBody + "\n"), "wrong_signature");
  EXPECT_EQ(code(header(), ""), "wrong_signature");
  EXPECT_EQ(code(header(0, ""), ""), "");
  EXPECT_EQ(code(header(), kBody, "whsec_other"), "wrong_signature");
  // Another time than the one that was signed.
  EXPECT_EQ(code("t=1800000001,v1=" + digest(1'800'000'000, kBody)), "wrong_signature");
}

TEST(WebhookSignature, WithoutASecretNothingIsSigned) {
  EXPECT_EQ(code("t=1800000000,v1=" + digest(1'800'000'000, kBody, ""), kBody, ""), "wrong_signature");
}

TEST(WebhookSignature, CutOrOddDigestsAreWrong) {
  const std::string right = digest(1'800'000'000, kBody);
  for (const std::string& v1 : {std::string(), right.substr(0, 63), right + "0", right.substr(0, 32),
                                std::string("zz"), std::string(64, '0'), " " + right}) {
    EXPECT_EQ(code("t=1800000000,v1=" + v1), "wrong_signature") << v1;
  }
}

class MalformedSignature : public testing::TestWithParam<std::string> {};
TEST_P(MalformedSignature, IsRefused) {
  EXPECT_EQ(code(GetParam()), "malformed");
}
INSTANTIATE_TEST_SUITE_P(All, MalformedSignature,
                         testing::Values("", ",", "=", "t", "t=,v1=00", "t=1800000000", "v1=00",
                                         "t=1800000000;v1=00", "t=-1,v1=00", "t=1e9,v1=00", "t=0x10,v1=00",
                                         "t= 1800000000,v1=00", "t=99999999999999999999,v1=00",
                                         "t=1,t=1800000000,v1=00", "t=1,v1=00,",
                                         std::string("t=1800000000,v1=") + std::string(5'000, '0')));

Json event(const std::string& type, Json object) {
  return {{"id", "evt_1"},
          {"object", "event"},
          {"created", 1'800'000'000},
          {"type", type},
          {"data", {{"object", std::move(object)}}}};
}

PaymentEvent parsed(const Json& json) {
  auto result = parse_payment_event(json.dump());
  EXPECT_TRUE(result) << result.failure().message;
  return result ? *result : PaymentEvent{};
}

TEST(PaymentEvent, OfACheckoutTellsWhoseTheSubscriptionIs) {
  const PaymentEvent e = parsed(event("checkout.session.completed", {{"id", "cs_1"},
                                                                     {"subscription", "sub_1"},
                                                                     {"customer", "cus_1"},
                                                                     {"client_reference_id", "42"},
                                                                     {"metadata", {{"user_id", "43"}}}}));
  EXPECT_EQ(e.id, "evt_1");
  EXPECT_EQ(e.created, kNow);
  EXPECT_EQ(e.kind, PaymentEventKind::kCheckoutCompleted);
  EXPECT_EQ(e.subscription, "sub_1");
  EXPECT_EQ(e.customer, "cus_1");
  EXPECT_EQ(e.user, "42");
  EXPECT_FALSE(e.status);
  const PaymentEvent by_metadata = parsed(event(
      "checkout.session.completed",
      {{"subscription", nullptr}, {"client_reference_id", nullptr}, {"metadata", {{"user_id", "43"}}}}));
  EXPECT_EQ(by_metadata.user, "43");
  EXPECT_EQ(by_metadata.subscription, "");
}

TEST(PaymentEvent, OfASubscriptionCarriesItsStatus) {
  const std::vector<std::pair<std::string, SubscriptionStatus>> statuses = {
      {"active", SubscriptionStatus::kActive},
      {"trialing", SubscriptionStatus::kTrialing},
      {"past_due", SubscriptionStatus::kPastDue},
      {"canceled", SubscriptionStatus::kCanceled},
      {"unpaid", SubscriptionStatus::kUnpaid},
      {"incomplete", SubscriptionStatus::kIncomplete},
      {"paused", SubscriptionStatus::kPaused},
      {"incomplete_expired", SubscriptionStatus::kIncompleteExpired},
  };
  for (const auto& [name, status] : statuses) {
    for (const char* const type : {"customer.subscription.created", "customer.subscription.updated"}) {
      const PaymentEvent e =
          parsed(event(type, {{"id", "sub_1"},
                              {"customer", {{"id", "cus_1"}, {"name", "Ada"}}},  // expanded
                              {"status", name},
                              {"cancel_at_period_end", true},
                              {"metadata", {{"user_id", "42"}}}}));
      EXPECT_EQ(e.kind, PaymentEventKind::kSubscriptionChanged);
      EXPECT_EQ(e.subscription, "sub_1");
      EXPECT_EQ(e.customer, "cus_1");
      EXPECT_EQ(e.user, "42");
      EXPECT_EQ(e.status, status);
      EXPECT_TRUE(e.ends_with_period);
    }
  }
}

TEST(PaymentEvent, OfADeletedSubscriptionIsCanceledWhateverItSays) {
  const PaymentEvent e =
      parsed(event("customer.subscription.deleted", {{"id", "sub_1"}, {"status", "active"}}));
  EXPECT_EQ(e.kind, PaymentEventKind::kSubscriptionDeleted);
  EXPECT_EQ(e.status, SubscriptionStatus::kCanceled);
  EXPECT_FALSE(e.ends_with_period);
}

TEST(PaymentEvent, OfAFailedPaymentNamesTheSubscriptionOldOrNew) {
  const PaymentEvent before = parsed(
      event("invoice.payment_failed",
            {{"subscription", "sub_1"}, {"subscription_details", {{"metadata", {{"user_id", "42"}}}}}}));
  EXPECT_EQ(before.kind, PaymentEventKind::kPaymentFailed);
  EXPECT_EQ(before.subscription, "sub_1");
  EXPECT_EQ(before.user, "42");
  const PaymentEvent after = parsed(
      event("invoice.payment_failed",
            {{"parent",
              {{"subscription_details", {{"subscription", "sub_2"}, {"metadata", {{"user_id", "43"}}}}}}}}));
  EXPECT_EQ(after.subscription, "sub_2");
  EXPECT_EQ(after.user, "43");
}

TEST(PaymentEvent, OfAnotherTypeIsToBeLeftAlone) {
  for (const Json& json : {event("invoice.paid", {{"id", "in_1"}}), event("no.such.thing", nullptr)}) {
    EXPECT_EQ(parsed(json).kind, PaymentEventKind::kOther);
  }
}

TEST(PaymentEvent, WithAPartMissingOrOddIsRefused) {
  const Json good = event("customer.subscription.updated", {{"id", "sub_1"}, {"status", "active"}});
  ASSERT_TRUE(parse_payment_event(good.dump()));
  const auto refused = [](const Json& json) {
    const auto result = parse_payment_event(json.dump());
    return !result && result.failure().code == "malformed";
  };
  for (const char* const name : {"id", "created", "type", "data"}) {
    Json json = good;
    json.erase(name);
    EXPECT_TRUE(refused(json)) << name;
    for (const Json& odd :
         {Json(nullptr), Json(-1), Json(1.5), Json::array(), Json(std::string(300, 'x')), Json("")}) {
      json[name] = odd;
      EXPECT_TRUE(refused(json)) << name << " " << odd.dump();
    }
  }
  for (const Json& odd : {Json(nullptr), Json(1), Json("activ"), Json("ACTIVE"), Json::object()}) {
    Json json = good;
    json["data"]["object"]["status"] = odd;
    EXPECT_TRUE(refused(json)) << odd.dump();
  }
  Json nameless = good;
  nameless["data"]["object"].erase("id");
  EXPECT_TRUE(refused(nameless));
}

TEST(PaymentEvent, ThatIsNoJsonIsRefused) {
  for (const std::string& body : {std::string(), std::string("{"), std::string("\xff"), std::string("{}{}"),
                                  std::string(100'000, '[')}) {
    const auto result = parse_payment_event(body);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.failure().code, "not_json");
  }
  for (const char* const body : {"null", "[]", "1", "\"x\"", "{}"}) {
    const auto result = parse_payment_event(body);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.failure().code, "malformed");
  }
}

TEST(Tier, IsOfAllSubscriptionsTogether) {
  using enum SubscriptionStatus;
  const auto tier = [](const std::vector<Subscription>& all) { return tier_of(all, kNow, 72h); };
  EXPECT_EQ(tier({}), Tier::kFree);
  EXPECT_EQ(tier({{kActive}}), Tier::kPremium);
  EXPECT_EQ(tier({{kTrialing}}), Tier::kPremium);
  for (const auto status : {kIncomplete, kIncompleteExpired, kPaused, kUnpaid, kCanceled}) {
    EXPECT_EQ(tier({{status}}), Tier::kFree);
    EXPECT_EQ(tier({{status}, {kActive}}), Tier::kPremium);
    EXPECT_EQ(tier({{kActive}, {status}}), Tier::kPremium);
  }
}

TEST(Tier, LastsThroughTheGraceOfAFailedPayment) {
  const auto tier = [](std::optional<Seconds> since, std::chrono::seconds grace = 72h) {
    const Subscription subscription{SubscriptionStatus::kPastDue, since};
    return tier_of({&subscription, 1}, kNow, grace);
  };
  EXPECT_EQ(tier(kNow), Tier::kPremium);
  EXPECT_EQ(tier(kNow - 72h + 1s), Tier::kPremium);
  EXPECT_EQ(tier(kNow - 72h), Tier::kFree);
  EXPECT_EQ(tier(kNow + 1h), Tier::kPremium);  // the provider's clock is ahead
  EXPECT_EQ(tier(kNow, 0s), Tier::kFree);
  EXPECT_EQ(tier(std::nullopt), Tier::kFree);
}

}  // namespace
}  // namespace winnow::jobs
