#include "winnow/jobs/job.hpp"

#include "job_rows.hpp"
#include "winnow/jobs/queue.hpp"
#include "winnow/jobs/task_kinds.hpp"

namespace winnow::jobs {
namespace {

const std::string& select_one() {
  static const std::string sql =
      "SELECT " + std::string(kJobColumns) + " FROM jobs WHERE id=$1 AND deleted_at IS NULL";
  return sql;
}

const std::string& select_many() {
  static const std::string sql = "SELECT " + std::string(kJobColumns) +
                                 " FROM jobs WHERE user_id=$1 AND deleted_at IS NULL AND id<$2"
                                 " ORDER BY id DESC LIMIT $3";
  return sql;
}

constexpr std::string_view kCreate =
    "INSERT INTO jobs(id,user_id,state,name,model,input_key,input_bytes,pictures,client_key,created_at)"
    " VALUES($1,$2,'uploading',$3,$4,$5,$6,$7,$8,now_us()) ON CONFLICT DO NOTHING RETURNING id";
constexpr std::string_view kFindClientKey = "SELECT id FROM jobs WHERE user_id=$1 AND client_key=$2";
constexpr std::string_view kQueue =
    "UPDATE jobs SET state='queued' WHERE id=$1 AND state='uploading' AND deleted_at IS NULL RETURNING id";
constexpr std::string_view kCancel =
    "UPDATE jobs SET state='cancelled',completed_at=now_us() WHERE id=$1 AND deleted_at IS NULL"
    " AND state IN('uploading','queued','running') RETURNING input_key";
constexpr std::string_view kDelete =
    "UPDATE jobs SET deleted_at=now_us(),client_key=NULL,"
    "state=CASE WHEN state IN('done','failed') THEN state ELSE 'cancelled' END"
    " WHERE id=$1 AND deleted_at IS NULL RETURNING input_key,result_key,cold_key";

}  // namespace

Job read_job(const Row& row) {
  return {.id = row.text(0),
          .user_id = row.text(1),
          .state = row.text(2),
          .storage = row.text(3),
          .name = row.text(4),
          .model = row.text(5),
          .input_key = row.text(6),
          .input_bytes = row.integer(7),
          .pictures = row.integer(8),
          .answered = row.integer(9),
          .unreadable = row.integer(10),
          .result_key = row.text(11),
          .result_bytes = row.integer(12),
          .result_sha256 = row.text(13),
          .cold_key = row.text(14),
          .failure = row.text(15),
          .created_at = row.integer(16),
          .started_at = row.integer(17),
          .completed_at = row.integer(18)};
}

std::string create_job(Transaction& transaction, const NewJob& job) {
  const Value client_key = job.client_key ? Value(*job.client_key) : Value();
  if (!transaction
           .run(kCreate, {job.id, job.user_id, job.name, job.model, job.input_key, job.input_bytes,
                          job.pictures, client_key})
           .empty()) {
    return job.id;
  }
  if (!job.client_key) return job.id;  // run again: it is there
  const Rows found = transaction.run(kFindClientKey, {job.user_id, *job.client_key});
  return found.empty() ? job.id : found[0].text(0);
}

std::optional<Job> find_job(Transaction& transaction, std::string_view id) {
  const Rows rows = transaction.run(select_one(), {std::string(id)});
  if (rows.empty()) return std::nullopt;
  return read_job(rows[0]);
}

std::vector<Job> list_jobs(Transaction& transaction, std::string_view user_id, std::string_view before,
                           std::int64_t limit) {
  const std::string end = before.empty() ? "g" : std::string(before);  // ids are hexadecimal
  std::vector<Job> jobs;
  for (const Row& row : transaction.run(select_many(), {std::string(user_id), end, limit}))
    jobs.push_back(read_job(row));
  return jobs;
}

void queue_job(Transaction& transaction, std::string_view id) {
  if (transaction.run(kQueue, {std::string(id)}).empty()) return;
  (void)enqueue(transaction, {.kind = kAnnotate, .subject = std::string(id)});
}

bool cancel_job(Transaction& transaction, std::string_view id) {
  const Rows rows = transaction.run(kCancel, {std::string(id)});
  if (rows.empty()) return false;
  discard(transaction, rows[0].text(0));
  return true;
}

bool delete_job(Transaction& transaction, std::string_view id) {
  const Rows rows = transaction.run(kDelete, {std::string(id)});
  if (rows.empty()) return false;
  for (std::size_t column = 0; column < 3; ++column) {
    if (!rows[0].is_null(column)) discard(transaction, rows[0].text(column));
  }
  return true;
}

void discard(Transaction& transaction, const std::string& key) {
  (void)enqueue(transaction, {.kind = kDiscard, .subject = key, .priority = 9});
}

}  // namespace winnow::jobs
