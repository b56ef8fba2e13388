// What a payment provider tells by webhook, in the scheme of Stripe (docs.stripe.com/webhooks): at least
// once, in any order. Everything here is pure and thread-safe.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "winnow/core/error.hpp"

namespace winnow::jobs {

using Seconds = std::chrono::sys_seconds;

// How far the provider's clock and ours may be apart, both ways: what is older may be a copy that somebody
// sends.
inline constexpr std::chrono::seconds kWebhookTolerance{300};

// Whether the body, byte by byte as it came, was signed with the secret ("whsec_...", used as it is). header
// is Stripe-Signature: "t=1700000000,v1=<64 hexadecimal digits>", with several v1 while secrets change;
// schemes but v1 are passed over. Nothing if it was, or why not: "malformed", "expired", "wrong_signature".
// To be asked before the body is parsed.
[[nodiscard]] std::optional<Failure> webhook_objection(std::string_view header, std::string_view body,
                                                       std::string_view secret, Seconds now);

enum class SubscriptionStatus {
  kIncomplete,  // the first payment is not there yet
  kIncompleteExpired,
  kTrialing,
  kActive,
  kPastDue,  // a later payment failed and is tried again
  kPaused,
  kUnpaid,
  kCanceled,
};

enum class PaymentEventKind {
  kCheckoutCompleted,    // checkout.session.completed: tells whose the subscription is
  kSubscriptionChanged,  // customer.subscription.created, .updated
  kSubscriptionDeleted,  // customer.subscription.deleted: status is kCanceled
  kPaymentFailed,        // invoice.payment_failed
  kOther,                // anything else: to be acknowledged and left alone
};

struct PaymentEvent {
  std::string id;    // of the event: what is seen twice is done once
  Seconds created;   // by the provider's clock: an older event than the last one changes nothing
  std::string type;  // as the provider calls it
  PaymentEventKind kind = PaymentEventKind::kOther;
  std::string subscription;                  // its id; empty if it is about none
  std::string customer;                      // the provider's name for the user, or empty
  std::string user;                          // ours: client_reference_id or metadata.user_id, or empty
  std::optional<SubscriptionStatus> status;  // of kSubscriptionChanged and kSubscriptionDeleted
  bool ends_with_period = false;             // cancelled, and paid to the end of the period
};

// Of a body that was found signed. Failure codes: "not_json", "malformed" (what is missing is said).
[[nodiscard]] Result<PaymentEvent> parse_payment_event(std::string_view body);

enum class Tier { kFree, kPremium };

// What a user has subscribed to, as it is kept.
struct Subscription {
  SubscriptionStatus status = SubscriptionStatus::kIncomplete;
  std::optional<Seconds> past_due_since;  // of kPastDue
};

// Premium while any subscription is active or in its trial, or past due for less than the grace. Derived from
// all of them, and never from one event: a user who has changed plans hears of the end of the old one too.
[[nodiscard]] Tier tier_of(std::span<const Subscription> subscriptions, Seconds now,
                           std::chrono::seconds grace);

}  // namespace winnow::jobs
