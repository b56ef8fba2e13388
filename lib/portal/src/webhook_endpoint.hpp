// What a payment provider tells: POST /webhooks/stripe.
#pragma once

#include "desk.hpp"

namespace winnow::portal {

inline constexpr std::string_view kWebhookPath = "/webhooks/stripe";

// 200 for everything that need not be told again.
[[nodiscard]] httpd::Response hear_webhook(Desk& desk, Visit& visit);

}  // namespace winnow::portal
