// What users pay for, and what changes with it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "winnow/jobs/database.hpp"
#include "winnow/jobs/queue.hpp"

namespace winnow::jobs {

struct Standing {
  bool premium = false;
  std::int64_t epoch = 0;  // goes up whenever the tier changes
};

// Until the transaction ends nobody changes it, on any machine. Every transaction that changes where a user's
// results are asks this first, and change_tier() is the only one that writes it: so an upgrade happens before
// such a transaction or after it, never in between. Nothing for an unknown user.
[[nodiscard]] std::optional<Standing> standing_of(Transaction& transaction, std::string_view user_id);

// Upgrades have everything that is not hot brought back; after a downgrade what is old enough is archived.
// Returns false if the user had the tier already.
bool change_tier(Transaction& transaction, std::string_view user_id, bool premium,
                 Microseconds archive_after);

// Has a job's results archived `archive_after` after its completion, or at once if that is past.
void plan_archive(Transaction& transaction, std::string_view job_id, std::int64_t epoch,
                  Microseconds archive_after);
void plan_restore(Transaction& transaction, std::string_view job_id, std::int64_t epoch);

}  // namespace winnow::jobs
