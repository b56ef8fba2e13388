#include <fmt/format.h>

#include "winnow/jobs/job.hpp"
#include "winnow/jobs/outbox.hpp"
#include "winnow/jobs/task_handler.hpp"
#include "winnow/jobs/task_kinds.hpp"
#include "winnow/jobs/tier.hpp"

namespace winnow::jobs {
namespace {

constexpr Microseconds kThawPoll = std::chrono::seconds(30);

constexpr std::string_view kBeginArchive =
    "UPDATE jobs SET storage='archiving' WHERE id=$1 AND state='done' AND deleted_at IS NULL"
    " AND completed_at<=now_us()-$2 AND (storage IN('hot','archiving') OR (storage='restoring' AND cold_key "
    "IS NULL))"
    " RETURNING result_key";
// It was on its way back, but the cold copy is still what counts.
constexpr std::string_view kStayCold =
    "UPDATE jobs SET storage='cold' WHERE id=$1 AND storage='restoring' AND cold_key IS NOT NULL RETURNING "
    "id";
constexpr std::string_view kCommitArchive =
    "UPDATE jobs SET storage='cold',cold_key=$3 WHERE id=$1 AND result_key=$2 AND storage='archiving'"
    " AND deleted_at IS NULL RETURNING id";
// Made cold although it should be hot by now.
constexpr std::string_view kUndoArchive =
    "UPDATE jobs SET storage='restoring',cold_key=$3 WHERE id=$1 AND result_key=$2"
    " AND storage IN('hot','archiving','restoring') AND deleted_at IS NULL RETURNING id";

constexpr std::string_view kBeginRestore =
    "UPDATE jobs SET storage='restoring' WHERE id=$1 AND storage IN('archiving','cold','restoring')"
    " AND deleted_at IS NULL RETURNING id";
constexpr std::string_view kCommitRestore =
    "UPDATE jobs SET storage='hot',result_key=$3,cold_key=NULL WHERE id=$1 AND result_key=$2"
    " AND storage='restoring' AND deleted_at IS NULL RETURNING id";

// What an archive or a restore is about to act on.
struct Plan {
  Job job;
  Standing standing;
};

// The job and its owner's standing, if there is a job; the user's row first, as everywhere.
std::optional<Plan> look(Transaction& transaction, const std::string& job_id) {
  std::optional<Job> job = find_job(transaction, job_id);
  if (!job) return std::nullopt;
  const std::optional<Standing> standing = standing_of(transaction, job->user_id);
  if (!standing) return std::nullopt;
  job = find_job(transaction, job_id);  // as it is now that the standing cannot change any more
  if (!job) return std::nullopt;
  return Plan{*job, *standing};
}

// Of a free user's job that is on its way back: it stays where it is.
void turn_back(Transaction& transaction, const Plan& plan, Microseconds archive_after) {
  if (plan.job.storage == "restoring" && !transaction.run(kStayCold, {plan.job.id}).empty()) return;
  plan_archive(transaction, plan.job.id, plan.standing.epoch, archive_after);
}

// Of an object that was made cold although its owner should have it hot by now. Returns whether it was one.
bool undo_archive(Transaction& transaction, const Plan& plan, const std::string& hot,
                  const std::string& cold) {
  if (!plan.standing.premium || transaction.run(kUndoArchive, {plan.job.id, hot, cold}).empty()) return false;
  plan_restore(transaction, plan.job.id, plan.standing.epoch);
  return true;
}

void commit_archive(const Handlers& use, const Task& task, const std::string& hot, const std::string& cold) {
  complete(use.database, task, [&](Transaction& transaction) {
    const auto plan = look(transaction, task.subject);
    if (plan && !plan->standing.premium &&
        !transaction.run(kCommitArchive, {task.subject, hot, cold}).empty()) {
      if (cold != hot) discard(transaction, hot);
      return;
    }
    if (plan && undo_archive(transaction, *plan, hot, cold)) return;
    // Somebody else's archive of the same object may count by now, and its cold copy is this one.
    if (cold != hot && (!plan || plan->job.result_key != hot)) discard(transaction, cold);
  });
}

}  // namespace

Later archive(const Handlers& use, const Task& task) {
  std::string hot;
  bool too_young = false;
  use.database.write([&](Transaction& transaction) {
    hot.clear();
    too_young = false;
    check_lease(transaction, task);
    const auto plan = look(transaction, task.subject);
    if (!plan || plan->standing.premium) return;
    if (!transaction.run(kStayCold, {task.subject}).empty()) return;
    const Rows begun =
        transaction.run(kBeginArchive, {task.subject, std::int64_t{use.terms.archive_after.count()}});
    if (!begun.empty()) hot = begun[0].text(0);
    too_young = begun.empty() && plan->job.state == "done" && plan->job.storage == "hot";
  });
  use.at("archive.begun");
  if (too_young) return std::chrono::seconds(1);
  if (hot.empty()) {
    complete(use.database, task);
    return {};
  }
  const std::string cold = use.store.cool(hot);
  use.at("archive.cooled");
  try {
    commit_archive(use, task, hot, cold);
  } catch (const LeaseLost&) {
    if (cold != hot) throw;
    // Whoever has the task now may have found the user upgraded and the object hot still, before we froze it.
    use.database.write([&](Transaction& transaction) {
      const auto plan = look(transaction, task.subject);
      if (plan) (void)undo_archive(transaction, *plan, hot, cold);
    });
    throw;
  }
  use.at("archive.committed");
  return {};
}

Later restore(const Handlers& use, const Task& task) {
  std::optional<Job> job;
  use.database.write([&](Transaction& transaction) {
    job.reset();
    check_lease(transaction, task);
    const auto plan = look(transaction, task.subject);
    if (!plan || plan->job.storage == "hot") return;
    if (!plan->standing.premium) return turn_back(transaction, *plan, use.terms.archive_after);
    if (!transaction.run(kBeginRestore, {task.subject}).empty()) job = plan->job;
  });
  use.at("restore.begun");
  if (!job) {
    complete(use.database, task);
    return {};
  }
  // One that was caught between hot and cold is still where it was.
  const std::string source = job->cold_key.empty() ? job->result_key : job->cold_key;
  const std::string hot = fmt::format("results/{}/{}", job->id, task.lease_token);
  if (use.store.warm(source, hot) == storage::Warmth::kThawing) return kThawPoll;
  use.at("restore.copied");
  complete(use.database, task, [&](Transaction& transaction) {
    const auto plan = look(transaction, task.subject);
    if (!plan || !plan->standing.premium ||
        transaction.run(kCommitRestore, {job->id, job->result_key, hot}).empty()) {
      discard(transaction, hot);
      if (plan && !plan->standing.premium) turn_back(transaction, *plan, use.terms.archive_after);
      return;
    }
    if (source != hot) discard(transaction, source);
    if (job->result_key != source) discard(transaction, job->result_key);
    post_restored(transaction, *job, plan->standing.epoch);
  });
  use.at("restore.committed");
  return {};
}

Later discard(const Handlers& use, const Task& task) {
  use.store.remove(task.subject);
  use.at("discard.removed");
  complete(use.database, task);
  return {};
}

}  // namespace winnow::jobs
