#include "winnow/jobs/queue.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <array>

namespace winnow::jobs {
namespace {

// Every change repeats what it assumes of the row.
constexpr std::string_view kEnqueue =
    "INSERT INTO tasks(id,kind,subject,dedupe,priority,max_attempts,run_at,created_at)"
    " VALUES($1,$2,$3,$4,$5,$6,now_us()+$7,now_us()) ON CONFLICT DO NOTHING RETURNING id";

// A common table expression, because PostgreSQL may run a subquery with a LIMIT more than once.
constexpr std::string_view kClaim =
    "WITH c AS MATERIALIZED (SELECT id FROM tasks WHERE state='ready' AND kind=$1 AND run_at<=now_us()"
    " ORDER BY priority,run_at,id LIMIT $2 {LOCK})"
    " UPDATE tasks SET state='leased',attempt=attempt+1,worker_id=$3,lease_token=$4,lease_until=now_us()+$5,"
    "started_at=now_us() FROM c WHERE tasks.id=c.id"
    " RETURNING tasks.id,tasks.kind,tasks.subject,tasks.attempt";

constexpr std::string_view kProlong =
    "UPDATE tasks SET lease_until=now_us()+$3 WHERE worker_id=$1 AND lease_token=$2 AND state='leased'"
    " AND lease_until>now_us() RETURNING id";

constexpr std::string_view kIsMine = "SELECT 1 FROM tasks WHERE id=$1 AND lease_token=$2 AND state='leased'";

constexpr std::string_view kComplete =
    "UPDATE tasks SET state='done',finished_at=now_us(),lease_until=NULL"
    " WHERE id=$1 AND lease_token=$2 AND state='leased' RETURNING id";

constexpr std::string_view kDoneByMe = "SELECT 1 FROM tasks WHERE id=$1 AND lease_token=$2 AND state='done'";

constexpr std::string_view kPostpone =
    "UPDATE tasks SET state='ready',attempt=attempt-1,run_at=now_us()+$3,lease_token=NULL,lease_until=NULL"
    " WHERE id=$1 AND lease_token=$2 AND state='leased' RETURNING id";

constexpr std::string_view kFail =
    "UPDATE tasks SET state=CASE WHEN attempt>=max_attempts THEN 'dead' ELSE 'ready' END,"
    "run_at=now_us()+$3,last_error=$4,lease_token=NULL,lease_until=NULL"
    " WHERE id=$1 AND lease_token=$2 AND state='leased' RETURNING state";

constexpr std::string_view kSweep =
    "WITH c AS MATERIALIZED (SELECT id FROM tasks WHERE state='leased' AND lease_until<now_us()"
    " ORDER BY lease_until LIMIT $1 {LOCK})"
    " UPDATE tasks SET state=CASE WHEN attempt>=max_attempts THEN 'dead' ELSE 'ready' END,run_at=now_us(),"
    "last_error='the worker was not heard of any more',lease_token=NULL,lease_until=NULL FROM c"
    " WHERE tasks.id=c.id AND state='leased' RETURNING tasks.kind,tasks.subject,tasks.state";

constexpr std::string_view kCount =
    "SELECT kind,SUM(enqueued),SUM(completed),SUM(service_us),SUM(backlog),SUM(inflight),SUM(dead),"
    "SUM(retrying),MAX(oldest_us) FROM ("
    "SELECT kind,COUNT(*) AS enqueued,SUM(CASE WHEN state='done' THEN 1 ELSE 0 END) AS completed,"
    "SUM(CASE WHEN state='done' THEN finished_at-started_at ELSE 0 END) AS service_us,"
    "SUM(CASE WHEN state='ready' AND run_at<=now_us() THEN 1 ELSE 0 END) AS backlog,"
    "SUM(CASE WHEN state='leased' THEN 1 ELSE 0 END) AS inflight,"
    "SUM(CASE WHEN state='dead' THEN 1 ELSE 0 END) AS dead,"
    "SUM(CASE WHEN state='ready' AND attempt>0 THEN 1 ELSE 0 END) AS retrying,"
    "COALESCE(MAX(CASE WHEN state='ready' AND run_at<=now_us() THEN now_us()-run_at END),0) AS oldest_us"
    " FROM tasks GROUP BY kind UNION ALL"
    " SELECT kind,enqueued,completed,service_us,0,0,0,0,0 FROM task_totals) AS both_parts"
    " GROUP BY kind ORDER BY kind";

constexpr std::string_view kTakeAway =
    "WITH c AS MATERIALIZED (SELECT id FROM tasks WHERE state='done' AND finished_at<now_us()-$1"
    " ORDER BY finished_at LIMIT $2 {LOCK})"
    " DELETE FROM tasks WHERE id IN (SELECT id FROM c) AND state='done' RETURNING "
    "kind,finished_at-started_at";

constexpr std::string_view kAddTotals =
    "INSERT INTO task_totals(kind,enqueued,completed,service_us) VALUES($1,1,1,$2)"
    " ON CONFLICT(kind) DO UPDATE SET enqueued=task_totals.enqueued+1,completed=task_totals.completed+1,"
    "service_us=task_totals.service_us+excluded.service_us";

void expect_one(const Rows& rows) {
  if (rows.empty()) throw LeaseLost();
}

}  // namespace

std::string make_id() {
  const auto now =
      std::chrono::duration_cast<Microseconds>(std::chrono::system_clock::now().time_since_epoch());
  std::array<std::uint8_t, 12> random{};
  randombytes_buf(random.data(), random.size());
  std::string id = fmt::format("{:016x}", static_cast<std::uint64_t>(now.count()));
  for (const std::uint8_t byte : random) id += fmt::format("{:02x}", byte);
  return id;
}

bool enqueue(Transaction& transaction, const NewTask& task) {
  const std::string dedupe = task.dedupe.empty() ? task.kind + ":" + task.subject : task.dedupe;
  const Rows rows = transaction.run(kEnqueue, {make_id(), task.kind, task.subject, dedupe, task.priority,
                                               task.max_attempts, std::int64_t{task.delay.count()}});
  if (!rows.empty() && task.delay.count() <= 0) transaction.notify();
  return !rows.empty();
}

std::vector<Task> claim(Transaction& transaction, std::string_view kind, std::int64_t limit,
                        const std::string& worker, Microseconds lease) {
  const std::string token = make_id();
  const Rows rows =
      transaction.run(kClaim, {std::string(kind), limit, worker, token, std::int64_t{lease.count()}});
  std::vector<Task> tasks;
  for (const Row& row : rows) {
    tasks.push_back({.id = row.text(0),
                     .kind = row.text(1),
                     .subject = row.text(2),
                     .attempt = row.integer(3),
                     .lease_token = token});
  }
  return tasks;
}

std::vector<std::string> prolong(Transaction& transaction, const std::string& worker,
                                 const std::string& lease_token, Microseconds lease) {
  std::vector<std::string> held;
  for (const Row& row : transaction.run(kProlong, {worker, lease_token, std::int64_t{lease.count()}}))
    held.push_back(row.text(0));
  return held;
}

void check_lease(Transaction& transaction, const Task& task) {
  expect_one(transaction.run(kIsMine, {task.id, task.lease_token}));
}

void complete(Database& database, const Task& task, const Database::Work& effect) {
  database.write([&](Transaction& transaction) {
    if (transaction.run(kComplete, {task.id, task.lease_token}).empty()) {
      // Perhaps by us, and only the answer was lost: then the effect is there as well.
      expect_one(transaction.run(kDoneByMe, {task.id, task.lease_token}));
      return;
    }
    if (effect) effect(transaction);
  });
}

void postpone(Transaction& transaction, const Task& task, Microseconds delay) {
  expect_one(transaction.run(kPostpone, {task.id, task.lease_token, std::int64_t{delay.count()}}));
}

bool fail(Transaction& transaction, const Task& task, Microseconds delay, const std::string& error) {
  const Rows rows = transaction.run(kFail, {task.id, task.lease_token, std::int64_t{delay.count()}, error});
  expect_one(rows);
  return rows[0].text(0) == "dead";
}

std::vector<Swept> sweep(Transaction& transaction, std::int64_t limit) {
  std::vector<Swept> swept;
  for (const Row& row : transaction.run(kSweep, {limit}))
    swept.push_back({.kind = row.text(0), .subject = row.text(1), .dead = row.text(2) == "dead"});
  if (!swept.empty()) transaction.notify();
  return swept;
}

std::vector<QueueCounts> count_tasks(Transaction& transaction) {
  std::vector<QueueCounts> all;
  for (const Row& row : transaction.run(kCount)) {
    all.push_back({.kind = row.text(0),
                   .enqueued_total = row.integer(1),
                   .completed_total = row.integer(2),
                   .service_us_total = row.integer(3),
                   .backlog = row.integer(4),
                   .inflight = row.integer(5),
                   .dead = row.integer(6),
                   .retrying = row.integer(7),
                   .oldest_us = row.integer(8)});
  }
  return all;
}

std::int64_t take_away_finished(Transaction& transaction, Microseconds age, std::int64_t limit) {
  const Rows rows = transaction.run(kTakeAway, {std::int64_t{age.count()}, limit});
  for (const Row& row : rows) (void)transaction.run(kAddTotals, {row.text(0), row.integer(1)});
  return static_cast<std::int64_t>(rows.size());
}

}  // namespace winnow::jobs
