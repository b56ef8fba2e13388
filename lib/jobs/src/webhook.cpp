#include "winnow/jobs/webhook.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "hmac.hpp"
#include "winnow/core/bytes.hpp"
#include "winnow/core/json.hpp"
#include "winnow/core/text.hpp"

namespace winnow::jobs {
namespace {

constexpr std::size_t kMostHeaderBytes = 4'096;
constexpr std::size_t kMostIdBytes = 255;
constexpr std::size_t kSignatureDigits = 64;

struct Signature {
  std::string_view time;  // as it is signed
  std::vector<std::string_view> digests;
};

std::optional<Signature> parse_header(std::string_view header) {
  if (header.size() > kMostHeaderBytes) return std::nullopt;
  Signature signature;
  for (const std::string_view part : split(header, ',')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view key = trim(part.substr(0, equals));
    const std::string_view value = part.substr(equals + 1);
    if (key == "t") {
      if (!signature.time.empty()) return std::nullopt;
      signature.time = value;
    } else if (key == "v1") {
      signature.digests.push_back(value);
    }
  }
  if (signature.time.empty() || signature.digests.empty()) return std::nullopt;
  return signature;
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  constexpr std::size_t kMostDigits = 12;
  std::int64_t time = 0;
  if (text.empty() || text.size() > kMostDigits ||
      text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  std::from_chars(text.data(), text.data() + text.size(), time);
  return time;
}

std::string to_hex(ByteSpan bytes) {
  std::string hex;
  for (const std::uint8_t byte : bytes) hex += fmt::format("{:02x}", byte);
  return hex;
}

Failure malformed(std::string_view what) {
  return {"malformed", fmt::format("the event has {}", what)};
}

// The member at the end of a path of objects, or null.
const Json& member(const Json& json, std::initializer_list<const char*> path) {
  static const Json nothing;
  const Json* at = &json;
  for (const char* const name : path) {
    if (!at->is_object()) return nothing;
    const auto found = at->find(name);
    if (found == at->end()) return nothing;
    at = &*found;
  }
  return *at;
}

std::string short_text(const Json& json) {
  if (!json.is_string()) return "";
  const auto& text = json.get_ref<const std::string&>();
  return text.size() <= kMostIdBytes ? text : "";
}

// What another object is referred to by: its id, or, where the provider was asked to expand it, the object.
std::string reference(const Json& json) {
  return short_text(json.is_object() ? member(json, {"id"}) : json);
}

std::string first_of(std::initializer_list<std::string> texts) {
  for (const std::string& text : texts) {
    if (!text.empty()) return text;
  }
  return "";
}

PaymentEventKind kind_of(std::string_view type) {
  using enum PaymentEventKind;
  if (type == "checkout.session.completed") return kCheckoutCompleted;
  if (type == "customer.subscription.created" || type == "customer.subscription.updated")
    return kSubscriptionChanged;
  if (type == "customer.subscription.deleted") return kSubscriptionDeleted;
  if (type == "invoice.payment_failed") return kPaymentFailed;
  return kOther;
}

std::optional<SubscriptionStatus> status_of(std::string_view text) {
  using enum SubscriptionStatus;
  constexpr std::array<std::pair<std::string_view, SubscriptionStatus>, 8> kNames = {{
      {"incomplete", kIncomplete},
      {"incomplete_expired", kIncompleteExpired},
      {"trialing", kTrialing},
      {"active", kActive},
      {"past_due", kPastDue},
      {"paused", kPaused},
      {"unpaid", kUnpaid},
      {"canceled", kCanceled},
  }};
  for (const auto& [name, status] : kNames) {
    if (text == name) return status;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Failure> webhook_objection(std::string_view header, std::string_view body,
                                         std::string_view secret, Seconds now) {
  const auto signature = parse_header(header);
  const auto time = signature ? parse_time(signature->time) : std::nullopt;
  if (!time) return Failure{"malformed", "the signature is not of the form t=...,v1=..."};
  const std::string expected = to_hex(hmac_sha256(secret, fmt::format("{}.{}", signature->time, body)));
  bool signed_by_us = false;
  for (const std::string_view digest : signature->digests) {
    signed_by_us |= digest.size() == kSignatureDigits && same_secret(as_bytes(digest), as_bytes(expected));
  }
  // An empty secret is one that was not configured, and anybody can sign with it.
  if (secret.empty() || !signed_by_us)
    return Failure{"wrong_signature", "it is not signed with the secret kept here"};
  const std::int64_t age = now.time_since_epoch().count() - *time;
  if (age > kWebhookTolerance.count() || age < -kWebhookTolerance.count()) {
    return Failure{"expired",
                   fmt::format("it was signed {} s {} by the clock here; set the clock or send it anew",
                               std::abs(age), age > 0 ? "ago" : "ahead")};
  }
  return std::nullopt;
}

Result<PaymentEvent> parse_payment_event(std::string_view body) {
  const Json json = Json::parse(body, nullptr, false);
  if (json.is_discarded()) return Failure{"not_json", "the event is not JSON"};
  PaymentEvent event;
  event.id = short_text(member(json, {"id"}));
  event.type = short_text(member(json, {"type"}));
  const Json& created = member(json, {"created"});
  if (event.id.empty()) return malformed("no id");
  if (event.type.empty()) return malformed("no type");
  if (!created.is_number_unsigned() || created.get<std::uint64_t>() > 999'999'999'999)
    return malformed("no time");
  event.created = Seconds(std::chrono::seconds(created.get<std::int64_t>()));
  event.kind = kind_of(event.type);
  if (event.kind == PaymentEventKind::kOther) return event;

  const Json& object = member(json, {"data", "object"});
  if (!object.is_object()) return malformed("no data.object");
  event.customer = reference(member(object, {"customer"}));
  const std::string named = short_text(member(object, {"metadata", "user_id"}));
  switch (event.kind) {
    case PaymentEventKind::kCheckoutCompleted:
      event.subscription =
          reference(member(object, {"subscription"}));  // none where something else was bought
      event.user = first_of({short_text(member(object, {"client_reference_id"})), named});
      return event;
    case PaymentEventKind::kPaymentFailed:
      // Where invoices name their subscription depends on the version of the provider's interface.
      event.subscription =
          first_of({reference(member(object, {"subscription"})),
                    reference(member(object, {"parent", "subscription_details", "subscription"}))});
      event.user = first_of(
          {short_text(member(object, {"subscription_details", "metadata", "user_id"})),
           short_text(member(object, {"parent", "subscription_details", "metadata", "user_id"})), named});
      return event;
    case PaymentEventKind::kSubscriptionChanged:
    case PaymentEventKind::kSubscriptionDeleted:
      break;
    case PaymentEventKind::kOther:
      return event;
  }
  event.subscription = short_text(member(object, {"id"}));
  event.user = named;
  if (event.subscription.empty()) return malformed("no subscription");
  event.status = event.kind == PaymentEventKind::kSubscriptionDeleted
                     ? SubscriptionStatus::kCanceled
                     : status_of(short_text(member(object, {"status"})));
  // Not free by default: what a new word means somebody has to look up.
  if (!event.status) return malformed("a status that is not known here");
  const Json& ends = member(object, {"cancel_at_period_end"});
  event.ends_with_period = ends.is_boolean() && ends.get<bool>();
  return event;
}

Tier tier_of(std::span<const Subscription> subscriptions, Seconds now, std::chrono::seconds grace) {
  const bool paid = std::ranges::any_of(subscriptions, [&](const Subscription& subscription) {
    switch (subscription.status) {
      case SubscriptionStatus::kActive:
      case SubscriptionStatus::kTrialing:
        return true;
      case SubscriptionStatus::kPastDue:
        return subscription.past_due_since && now - *subscription.past_due_since < grace;
      default:
        return false;
    }
  });
  return paid ? Tier::kPremium : Tier::kFree;
}

}  // namespace winnow::jobs
