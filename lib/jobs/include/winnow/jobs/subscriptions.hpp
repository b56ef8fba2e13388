// Who pays, as it is kept: by hand, or as a payment provider tells.
#pragma once

#include <string>
#include <string_view>

#include "winnow/jobs/database.hpp"
#include "winnow/jobs/terms.hpp"
#include "winnow/jobs/webhook.hpp"

namespace winnow::jobs {

enum class Heard {
  kNews,     // kept
  kAgain,    // this event has come before
  kStale,    // a newer one has come before
  kNobodys,  // of no user that we know
  kNothing,  // of no consequence
};

// Keeps what the event says and changes the user's tier by it, in one transaction, once.
Heard hear(Database& database, const PaymentEvent& event, const JobTerms& terms);

// The same by hand, where no provider is asked.
void subscribe(Database& database, std::string_view user_id, const JobTerms& terms);
void unsubscribe(Database& database, std::string_view user_id, const JobTerms& terms);

// Whoever has been past due for longer than the grace. Called now and then.
void end_grace(Transaction& transaction, const JobTerms& terms);

}  // namespace winnow::jobs
