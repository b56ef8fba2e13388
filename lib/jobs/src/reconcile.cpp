// Once an hour: whatever a crash, a bug or a hand in the database has left lying gets a task again.
#include <fmt/format.h>

#include <array>
#include <set>

#include "winnow/core/text.hpp"
#include "winnow/jobs/job.hpp"
#include "winnow/jobs/subscriptions.hpp"
#include "winnow/jobs/task_handler.hpp"
#include "winnow/jobs/task_kinds.hpp"
#include "winnow/jobs/tier.hpp"

namespace winnow::jobs {
namespace {

constexpr std::int64_t kAtATime = 500;
constexpr Microseconds kEvery = std::chrono::hours(1);

// An upload lasts minutes; what has lasted an hour was cut off.
constexpr std::string_view kCutOff =
    "UPDATE jobs SET state='failed',failure='the upload was cut off',completed_at=now_us() WHERE id IN"
    " (SELECT id FROM jobs WHERE state='uploading' AND deleted_at IS NULL AND created_at<now_us()-3600000000"
    " ORDER BY created_at LIMIT $1) AND state='uploading' RETURNING input_key";

constexpr std::string_view kWithoutTask =
    "SELECT id FROM jobs WHERE state IN('queued','running') AND deleted_at IS NULL AND NOT EXISTS"
    " (SELECT 1 FROM tasks WHERE dedupe='annotate:'||jobs.id AND tasks.state IN('ready','leased'))"
    " ORDER BY created_at LIMIT $1";

// Where a job's results are and where its owner's tier wants them; the owner is asked again by the task.
constexpr std::string_view kToArchive =
    "SELECT jobs.id,users.tier_epoch FROM jobs JOIN users ON users.id=jobs.user_id WHERE jobs.state='done'"
    " AND jobs.storage IN('hot','archiving','restoring') AND jobs.deleted_at IS NULL AND users.tier='free'"
    " AND jobs.completed_at<=now_us()-$2 AND NOT EXISTS (SELECT 1 FROM tasks WHERE kind "
    "IN('archive','restore')"
    " AND subject=jobs.id AND tasks.state IN('ready','leased')) ORDER BY jobs.completed_at LIMIT $1";
constexpr std::string_view kToRestore =
    "SELECT jobs.id,users.tier_epoch FROM jobs JOIN users ON users.id=jobs.user_id WHERE jobs.state='done'"
    " AND jobs.storage<>'hot' AND jobs.deleted_at IS NULL AND users.tier='premium'"
    " AND NOT EXISTS (SELECT 1 FROM tasks WHERE kind IN('archive','restore')"
    " AND subject=jobs.id AND tasks.state IN('ready','leased')) ORDER BY jobs.completed_at LIMIT $1";

constexpr std::string_view kUnsent =
    "SELECT dedupe FROM emails WHERE state='pending' AND NOT EXISTS (SELECT 1 FROM tasks WHERE"
    " tasks.dedupe='mail:'||emails.dedupe AND tasks.state IN('ready','leased')) ORDER BY created_at LIMIT $1";

constexpr std::string_view kForget = "DELETE FROM webhook_events WHERE received_at<now_us()-7776000000000";
constexpr std::string_view kExpire =
    "DELETE FROM credentials WHERE (kind='session' AND (used_at<now_us()-86400000000"
    " OR created_at<now_us()-2592000000000)) OR (kind='confirmation' AND created_at<now_us()-86400000000)";
constexpr std::string_view kGone = "DELETE FROM workers WHERE seen_at<now_us()-60000000";
// Deleted a day ago: all tasks that knew them have ended.
constexpr std::string_view kBury =
    "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE deleted_at<now_us()-86400000000 LIMIT $1)";

constexpr std::string_view kKnows =
    "SELECT 1 FROM jobs WHERE id=$1 AND deleted_at IS NULL AND"
    " ((input_key=$2 AND state IN('uploading','queued','running')) OR (result_key=$2 AND storage<>'cold')"
    // A cold copy of what is hot: an archive may be about to count on it.
    " OR cold_key=$2 OR 'cold/'||result_key=$2)";

constexpr std::string_view kNow = "SELECT now_us()";

// Keys are FOLDER/JOB/NAME, or cold/ before that.
std::string job_of(std::string_view key) {
  if (key.starts_with("cold/")) key.remove_prefix(5);
  const auto parts = split(key, '/');
  return parts.size() == 3 ? std::string(parts[1]) : std::string();
}

// By the database's clock: this machine's may be off.
std::chrono::system_clock::time_point shared_now(Database& database) {
  std::int64_t us = 0;
  database.read([&](Transaction& transaction) { us = transaction.run(kNow)[0].integer(0); });
  return std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::microseconds(us)));
}

void discard_orphans(const Handlers& use) {
  const auto now = shared_now(use.database);
  for (const std::string_view folder : {"uploads/", "results/", "cold/"}) {
    std::string after;
    while (true) {
      const auto objects = use.store.list(std::string(folder), after, kAtATime);
      if (objects.empty()) break;
      after = objects.back().key;
      use.database.write([&](Transaction& transaction) {
        for (const storage::ObjectInfo& object : objects) {
          // Of the young ones the row may not be written yet.
          if (now - object.modified < use.terms.orphan_age) continue;
          if (transaction.run(kKnows, {job_of(object.key), object.key}).empty())
            discard(transaction, object.key);
        }
      });
    }
  }
}

}  // namespace

Later reconcile(const Handlers& use, const Task& task) {
  use.database.write([&](Transaction& transaction) {
    end_grace(transaction, use.terms);
    for (const Row& row : transaction.run(kCutOff, {kAtATime})) discard(transaction, row.text(0));
    for (const Row& row : transaction.run(kWithoutTask, {kAtATime}))
      (void)enqueue(transaction, {.kind = kAnnotate, .subject = row.text(0)});
    const std::int64_t archive_after = use.terms.archive_after.count();
    for (const Row& row : transaction.run(kToArchive, {kAtATime, archive_after}))
      plan_archive(transaction, row.text(0), row.integer(1), use.terms.archive_after);
    for (const Row& row : transaction.run(kToRestore, {kAtATime}))
      plan_restore(transaction, row.text(0), row.integer(1));
    for (const Row& row : transaction.run(kUnsent, {kAtATime}))
      (void)enqueue(transaction, {.kind = kMail, .subject = row.text(0), .priority = 4});
    for (const std::string_view sql : {kForget, kExpire, kGone}) (void)transaction.run(sql);
    (void)transaction.run(kBury, {kAtATime});
  });
  use.at("reconcile.tasks");
  discard_orphans(use);
  use.at("reconcile.orphans");
  bool more = true;
  while (more) {
    use.database.write([&](Transaction& transaction) {
      more = take_away_finished(transaction, use.terms.finished_age, kAtATime) == kAtATime;
    });
  }
  complete(use.database, task, [](Transaction& transaction) {
    (void)enqueue(transaction, {.kind = kReconcile, .subject = "all", .delay = kEvery});
  });
  return {};
}

void bury(Transaction& transaction, std::string_view kind, std::string_view subject,
          const std::string& error) {
  // Whatever keeps it from its work today, somebody has to look again.
  if (kind == kReconcile) {
    (void)enqueue(transaction, {.kind = kReconcile, .subject = std::string(subject), .delay = kEvery});
  }
  if (kind != kAnnotate) return;
  const Rows failed = transaction.run(
      "UPDATE jobs SET state='failed',failure=$2,completed_at=now_us() WHERE id=$1"
      " AND state IN('queued','running') RETURNING input_key",
      {std::string(subject), error});
  for (const Row& row : failed) discard(transaction, row.text(0));
}

}  // namespace winnow::jobs
