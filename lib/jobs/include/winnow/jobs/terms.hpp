#pragma once

#include <chrono>
#include <cstdint>

namespace winnow::jobs {

// What users are promised, and what is asked of them.
struct JobTerms {
  std::uint64_t free_upload_bytes = 153'600;  // above: 413, and the page that offers an upgrade
  std::uint64_t premium_upload_bytes = 512U << 20;
  std::int64_t pictures = 10'000;                                      // in one upload
  std::chrono::microseconds archive_after = std::chrono::minutes(10);  // a free user's results
  std::chrono::seconds grace = std::chrono::hours(24 * 7);             // of who has not paid
  std::chrono::microseconds orphan_age = std::chrono::hours(24);       // of objects that no job knows
  std::chrono::microseconds finished_age = std::chrono::hours(1);      // of tasks that are done
};

}  // namespace winnow::jobs
