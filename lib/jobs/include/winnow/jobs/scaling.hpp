// How many workers there are and how many are wanted, as the database knows it: for scrapers and autoscalers.
#pragma once

#include <cstdint>
#include <string>

#include "winnow/jobs/autoscale.hpp"
#include "winnow/jobs/database.hpp"
#include "winnow/jobs/queue.hpp"

namespace winnow::jobs {

// Takes a sample and decides anew, where the last one is 10 seconds old; otherwise it is what was decided
// then. However many processes ask: what is remembered is in the database.
[[nodiscard]] AutoscalePlan plan_workforce(Transaction& transaction, const AutoscaleOptions& options);

// For /metrics, in the text format of Prometheus 0.0.4: per kind of task what came, was done, waits and is in
// work, and of jobs the plan. Totals never fall, and are the same whichever process is asked.
[[nodiscard]] std::string job_metrics(Database& database);

}  // namespace winnow::jobs
