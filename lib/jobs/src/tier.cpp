#include "winnow/jobs/tier.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "winnow/jobs/task_kinds.hpp"

namespace winnow::jobs {
namespace {

constexpr std::string_view kStanding = "SELECT tier,tier_epoch FROM users WHERE id=$1 {SHARE}";
constexpr std::string_view kChange =
    "UPDATE users SET tier=$2,tier_epoch=tier_epoch+1 WHERE id=$1 AND tier<>$2 RETURNING tier_epoch";
constexpr std::string_view kNotHot =
    "SELECT id FROM jobs WHERE user_id=$1 AND deleted_at IS NULL AND storage<>'hot'";
constexpr std::string_view kNotCold =
    "SELECT id FROM jobs WHERE user_id=$1 AND deleted_at IS NULL AND state='done' AND storage<>'cold'";
// What the tier from before has planned and nobody has begun: it would find nothing to do. Users who change
// their plans often would otherwise leave a task behind for each change and job.
constexpr std::string_view kDropMoot =
    "UPDATE tasks SET state='done',started_at=now_us(),finished_at=now_us() WHERE state='ready' AND kind=$2"
    " AND subject IN (SELECT id FROM jobs WHERE user_id=$1)";
constexpr std::string_view kAge =
    "SELECT now_us()-completed_at FROM jobs WHERE id=$1 AND completed_at IS NOT NULL";

}  // namespace

std::optional<Standing> standing_of(Transaction& transaction, std::string_view user_id) {
  const Rows rows = transaction.run(kStanding, {std::string(user_id)});
  if (rows.empty()) return std::nullopt;
  return Standing{.premium = rows[0].text(0) == "premium", .epoch = rows[0].integer(1)};
}

bool change_tier(Transaction& transaction, std::string_view user_id, bool premium,
                 Microseconds archive_after) {
  // This row first: whoever holds a share of it is waited for.
  const std::string user(user_id);
  const Rows changed = transaction.run(kChange, {user, std::string(premium ? "premium" : "free")});
  if (changed.empty()) return false;
  const std::int64_t epoch = changed[0].integer(0);
  (void)transaction.run(kDropMoot, {user, std::string(premium ? kArchive : kRestore)});
  for (const Row& row : transaction.run(premium ? kNotHot : kNotCold, {user})) {
    if (premium) {
      plan_restore(transaction, row.text(0), epoch);
    } else {
      plan_archive(transaction, row.text(0), epoch, archive_after);
    }
  }
  return true;
}

void plan_archive(Transaction& transaction, std::string_view job_id, std::int64_t epoch,
                  Microseconds archive_after) {
  const Rows age = transaction.run(kAge, {std::string(job_id)});
  if (age.empty()) return;
  const Microseconds left = archive_after - Microseconds(age[0].integer(0));
  (void)enqueue(transaction, {.kind = kArchive,
                              .subject = std::string(job_id),
                              .dedupe = fmt::format("{}:{}:{}", kArchive, job_id, epoch),
                              .delay = std::max(left, Microseconds(0))});
}

void plan_restore(Transaction& transaction, std::string_view job_id, std::int64_t epoch) {
  (void)enqueue(transaction, {.kind = kRestore,
                              .subject = std::string(job_id),
                              .dedupe = fmt::format("{}:{}:{}", kRestore, job_id, epoch),
                              .priority = 3});
}

}  // namespace winnow::jobs
