#include "winnow/jobs/subscriptions.hpp"

#include "winnow/jobs/tier.hpp"

#include <array>
#include <set>
#include <utility>
#include <vector>

namespace winnow::jobs {
namespace {

constexpr std::string_view kNewEvent =
    "INSERT INTO webhook_events(id,created,type,received_at) VALUES($1,$2,$3,now_us())"
    " ON CONFLICT DO NOTHING RETURNING id";
constexpr std::string_view kOwner = "SELECT user_id,last_event FROM subscriptions WHERE id=$1";
constexpr std::string_view kKnownUser = "SELECT id FROM users WHERE id=$1";
constexpr std::string_view kKeep =
    "INSERT INTO subscriptions(id,user_id,status,last_event,past_due_since) VALUES($1,$2,$3,$4,$5)"
    " ON CONFLICT(id) DO UPDATE SET status=excluded.status,last_event=excluded.last_event,"
    "past_due_since=CASE WHEN excluded.status='past_due'"
    " THEN COALESCE(subscriptions.past_due_since,excluded.last_event) ELSE NULL END"
    " WHERE subscriptions.last_event<=excluded.last_event AND subscriptions.status<>'canceled' RETURNING id";
constexpr std::string_view kCancelByHand =
    "UPDATE subscriptions SET status='canceled' WHERE user_id=$1 AND id LIKE 'manual:%'";
constexpr std::string_view kOfUser = "SELECT status,past_due_since FROM subscriptions WHERE user_id=$1";
constexpr std::string_view kLock = "UPDATE users SET tier_epoch=tier_epoch WHERE id=$1 RETURNING id";
constexpr std::string_view kNow = "SELECT now_us()";
constexpr std::string_view kPastDue = "SELECT DISTINCT user_id FROM subscriptions WHERE status='past_due'";

constexpr std::array<std::pair<SubscriptionStatus, std::string_view>, 8> kNames = {{
    {SubscriptionStatus::kIncomplete, "incomplete"},
    {SubscriptionStatus::kIncompleteExpired, "incomplete_expired"},
    {SubscriptionStatus::kTrialing, "trialing"},
    {SubscriptionStatus::kActive, "active"},
    {SubscriptionStatus::kPastDue, "past_due"},
    {SubscriptionStatus::kPaused, "paused"},
    {SubscriptionStatus::kUnpaid, "unpaid"},
    {SubscriptionStatus::kCanceled, "canceled"},
}};

std::string name_of(SubscriptionStatus status) {
  for (const auto& [value, name] : kNames) {
    if (value == status) return std::string(name);
  }
  return "incomplete";
}

SubscriptionStatus status_of(std::string_view name) {
  for (const auto& [value, its_name] : kNames) {
    if (its_name == name) return value;
  }
  return SubscriptionStatus::kIncomplete;
}

Seconds seconds(std::int64_t since_1970) {
  return Seconds(std::chrono::seconds(since_1970));
}

// From all subscriptions of a user, whose row is held meanwhile.
void derive_tier(Transaction& transaction, const std::string& user_id, const JobTerms& terms) {
  if (transaction.run(kLock, {user_id}).empty()) return;
  std::vector<Subscription> subscriptions;
  for (const Row& row : transaction.run(kOfUser, {user_id})) {
    Subscription one{.status = status_of(row.text(0)), .past_due_since = {}};
    if (!row.is_null(1)) one.past_due_since = seconds(row.integer(1));
    subscriptions.push_back(one);
  }
  const std::int64_t now = transaction.run(kNow)[0].integer(0);
  const Tier tier = tier_of(subscriptions, seconds(now / 1'000'000), terms.grace);
  (void)change_tier(transaction, user_id, tier == Tier::kPremium, terms.archive_after);
}

// Returns whether that is news. What has been cancelled stays so, also where that was told first.
bool keep(Transaction& transaction, const std::string& id, const std::string& user_id,
          SubscriptionStatus status, std::int64_t at) {
  const Value since = status == SubscriptionStatus::kPastDue ? Value(at) : Value();
  return !transaction.run(kKeep, {id, user_id, name_of(status), at, since}).empty();
}

}  // namespace

Heard hear(Database& database, const PaymentEvent& event, const JobTerms& terms) {
  Heard heard = Heard::kNothing;
  database.write([&](Transaction& transaction) {
    heard = Heard::kNothing;
    const std::int64_t created = event.created.time_since_epoch().count();
    if (event.kind == PaymentEventKind::kOther || event.subscription.empty()) return;
    const Rows known = transaction.run(kOwner, {event.subscription});
    const std::string user = known.empty() ? event.user : known[0].text(0);
    if (user.empty() || transaction.run(kKnownUser, {user}).empty()) {
      heard = Heard::kNobodys;  // and not kept as heard: the event that tells whose it is may be on its way
      return;
    }
    if (transaction.run(kNewEvent, {event.id, created, event.type}).empty()) {
      heard = Heard::kAgain;
      return;
    }
    // A checkout tells whose the subscription is; its status comes with events of its own, if not before.
    if (event.kind == PaymentEventKind::kCheckoutCompleted && !known.empty()) return;
    SubscriptionStatus status = event.status.value_or(SubscriptionStatus::kIncomplete);
    if (event.kind == PaymentEventKind::kCheckoutCompleted) status = SubscriptionStatus::kActive;
    if (event.kind == PaymentEventKind::kPaymentFailed) status = SubscriptionStatus::kPastDue;
    const bool news = keep(transaction, event.subscription, user, status, created);
    heard = news ? Heard::kNews : Heard::kStale;
    if (news) derive_tier(transaction, user, terms);
  });
  return heard;
}

void subscribe(Database& database, std::string_view user_id, const JobTerms& terms) {
  const std::string user(user_id);
  const std::string id = "manual:" + make_id();
  database.write([&](Transaction& transaction) {
    (void)keep(transaction, id, user, SubscriptionStatus::kActive, 0);
    derive_tier(transaction, user, terms);
  });
}

void unsubscribe(Database& database, std::string_view user_id, const JobTerms& terms) {
  const std::string user(user_id);
  database.write([&](Transaction& transaction) {
    (void)transaction.run(kCancelByHand, {user});
    derive_tier(transaction, user, terms);
  });
}

void end_grace(Transaction& transaction, const JobTerms& terms) {
  for (const Row& row : transaction.run(kPastDue)) derive_tier(transaction, row.text(0), terms);
}

}  // namespace winnow::jobs
