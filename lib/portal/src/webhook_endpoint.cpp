#include "webhook_endpoint.hpp"

#include "sinks.hpp"
#include "winnow/jobs/subscriptions.hpp"
#include "winnow/jobs/webhook.hpp"

namespace winnow::portal {
namespace {

const char* word(jobs::Heard heard) {
  switch (heard) {
    case jobs::Heard::kNews:
      return "news";
    case jobs::Heard::kAgain:
      return "again";
    case jobs::Heard::kStale:
      return "stale";
    default:
      return "nothing";
  }
}

}  // namespace

httpd::Response hear_webhook(Desk& desk, Visit& visit) {
  if (desk.options.provider != PlanProvider::kStripe) throw Refusal{not_found()};
  const auto* form = dynamic_cast<const FormSink*>(visit.request.sink.get());
  const std::string_view body = form == nullptr ? std::string_view() : form->text();
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto signature = visit.request.headers.find("Stripe-Signature");
  if (const auto objection =
          jobs::webhook_objection(signature.value_or(""), body, desk.options.webhook_secret, now)) {
    desk.log.warn("a webhook was not believed: {}", objection->message);
    throw Refusal{{400, "bad-signature", "The signature is not good: " + objection->message + ".", {}}};
  }
  const Result<jobs::PaymentEvent> event = jobs::parse_payment_event(body);
  if (!event) throw Refusal{bad_request("The event cannot be read: " + event.failure().message + ".")};
  const jobs::Heard heard = jobs::hear(desk.database, *event, desk.options.terms);
  // The event that tells whose the subscription is may still be on its way: this one has to come again.
  if (heard == jobs::Heard::kNobodys)
    throw Refusal{
        {409, "unknown-user", "Nobody is known to have this subscription yet; send it again later.", {}}};
  return httpd::json_response(200, {{"heard", word(heard)}});
}

}  // namespace winnow::portal
