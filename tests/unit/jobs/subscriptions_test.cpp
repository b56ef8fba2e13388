#include "winnow/jobs/subscriptions.hpp"

#include "jobs_fixture.hpp"

namespace winnow::jobs {
namespace {

class Subscribing : public OnBoth {
 protected:
  PaymentEvent event(const std::string& id, std::int64_t created, PaymentEventKind kind,
                     std::optional<SubscriptionStatus> status, const std::string& owner = "") {
    return {.id = id,
            .created = Seconds(std::chrono::seconds(1'800'000'000 + created)),
            .type = "t",
            .kind = kind,
            .subscription = "sub_1",
            .customer = "cus_1",
            .user = owner,
            .status = status};
  }
  std::string tier(const std::string& id) {
    return database->ask("SELECT tier FROM users WHERE id='" + id + "'");
  }
};

TEST_P(Subscribing, EventsMayComeTwiceAndInAnyOrder) {
  const std::string ann = user();
  const auto changed = PaymentEventKind::kSubscriptionChanged;
  EXPECT_EQ(hear(db(), event("e0", 1, changed, SubscriptionStatus::kActive), terms), Heard::kNobodys);
  EXPECT_EQ(hear(db(), event("e1", 2, PaymentEventKind::kCheckoutCompleted, {}, ann), terms), Heard::kNews);
  EXPECT_EQ(tier(ann), "premium");
  EXPECT_EQ(hear(db(), event("e1", 2, PaymentEventKind::kCheckoutCompleted, {}, ann), terms), Heard::kAgain);
  EXPECT_EQ(hear(db(), event("e2", 1, changed, SubscriptionStatus::kIncomplete), terms), Heard::kStale);
  EXPECT_EQ(tier(ann), "premium");
  const auto deleted = event("e4", 9, PaymentEventKind::kSubscriptionDeleted, SubscriptionStatus::kCanceled);
  EXPECT_EQ(hear(db(), deleted, terms), Heard::kNews);
  EXPECT_EQ(tier(ann), "free");
  EXPECT_EQ(hear(db(), event("e3", 8, changed, SubscriptionStatus::kActive), terms), Heard::kStale);
  EXPECT_EQ(hear(db(), event("e5", 9, changed, SubscriptionStatus::kActive), terms), Heard::kStale)
      << "within the same second: what has ended has ended";
  EXPECT_EQ(tier(ann), "free");
  EXPECT_EQ(hear(db(), event("e6", 10, PaymentEventKind::kOther, {}), terms), Heard::kNothing);
}

TEST_P(Subscribing, WhoHasNotPaidHasAWeek) {
  const std::string ann = user();
  const std::int64_t now = std::stoll(database->ask("SELECT now_us()")) / 1'000'000 - 1'800'000'000;
  (void)hear(db(), event("e1", now - 60, PaymentEventKind::kCheckoutCompleted, {}, ann), terms);
  (void)hear(db(), event("e2", now, PaymentEventKind::kPaymentFailed, {}), terms);
  EXPECT_EQ(tier(ann), "premium");
  database->advance(std::chrono::hours(24 * 6));
  db().write([&](Transaction& transaction) { end_grace(transaction, terms); });
  EXPECT_EQ(tier(ann), "premium");
  database->advance(std::chrono::hours(24 * 2));
  db().write([&](Transaction& transaction) { end_grace(transaction, terms); });
  EXPECT_EQ(tier(ann), "free");
}

TEST_P(Subscribing, ByHandOverAndOver) {
  const std::string ann = user();
  for (int i = 0; i < 3; ++i) {
    subscribe(db(), ann, terms);
    EXPECT_EQ(tier(ann), "premium");
    unsubscribe(db(), ann, terms);
    EXPECT_EQ(tier(ann), "free");
  }
  EXPECT_EQ(database->ask("SELECT tier_epoch FROM users"), "6");
}

INSTANTIATE_TEST_SUITE_P(sqlite, Subscribing, ::testing::Values("sqlite"));
INSTANTIATE_TEST_SUITE_P(postgresql, Subscribing, ::testing::Values("postgresql"));

}  // namespace
}  // namespace winnow::jobs
