#include <fmt/format.h>

#include <array>

#include "winnow/jobs/database.hpp"

namespace winnow::jobs {
namespace {

// Version 1. States are named in jobs.hpp, kinds of tasks in life_cycle.hpp.
constexpr std::array kTables = {
    "CREATE TABLE users(id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, password TEXT NOT NULL,"
    " tier TEXT NOT NULL DEFAULT 'free' CHECK(tier IN('free','premium')), tier_epoch BIGINT NOT NULL DEFAULT "
    "0,"
    " created_at BIGINT NOT NULL, confirmed_at BIGINT)",
    // What a person or a program shows to be let in; only hashes are kept.
    "CREATE TABLE credentials(hash TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users(id),"
    " kind TEXT NOT NULL CHECK(kind IN('session','token','confirmation')), name TEXT NOT NULL DEFAULT '',"
    " created_at BIGINT NOT NULL, used_at BIGINT NOT NULL)",
    "CREATE INDEX credentials_user ON credentials(user_id,kind)",
    // Ids of jobs begin with their time of creation, so that they sort by it.
    "CREATE TABLE jobs(id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users(id),"
    " state TEXT NOT NULL CHECK(state IN('uploading','queued','running','done','failed','cancelled')),"
    " storage TEXT NOT NULL DEFAULT 'hot' CHECK(storage IN('hot','archiving','cold','restoring')),"
    " name TEXT NOT NULL, model TEXT NOT NULL, input_key TEXT NOT NULL, input_bytes BIGINT NOT NULL DEFAULT "
    "0,"
    " pictures BIGINT NOT NULL DEFAULT 0, answered BIGINT NOT NULL DEFAULT 0, unreadable BIGINT NOT NULL "
    "DEFAULT 0,"
    " result_key TEXT, result_bytes BIGINT NOT NULL DEFAULT 0, result_sha256 TEXT, cold_key TEXT,"
    " failure TEXT NOT NULL DEFAULT '', client_key TEXT, created_at BIGINT NOT NULL, started_at BIGINT,"
    " completed_at BIGINT, deleted_at BIGINT, UNIQUE(user_id,client_key))",
    "CREATE INDEX jobs_user ON jobs(user_id,id)",
    "CREATE INDEX jobs_unsettled ON jobs(created_at) WHERE state IN('uploading','queued','running')"
    " OR storage IN('archiving','restoring') OR deleted_at IS NOT NULL",
    "CREATE INDEX jobs_hot ON jobs(completed_at) WHERE state='done' AND storage='hot'",
    "CREATE TABLE tasks(id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, dedupe TEXT NOT NULL,"
    " state TEXT NOT NULL DEFAULT 'ready' CHECK(state IN('ready','leased','done','dead')),"
    " priority BIGINT NOT NULL DEFAULT 5, run_at BIGINT NOT NULL, attempt BIGINT NOT NULL DEFAULT 0,"
    " max_attempts BIGINT NOT NULL DEFAULT 8, worker_id TEXT, lease_token TEXT, lease_until BIGINT,"
    " last_error TEXT, created_at BIGINT NOT NULL, started_at BIGINT, finished_at BIGINT){TASKS}",
    "CREATE UNIQUE INDEX tasks_live ON tasks(dedupe) WHERE state IN('ready','leased')",
    "CREATE INDEX tasks_ready ON tasks(kind,priority,run_at,id) WHERE state='ready'",
    "CREATE INDEX tasks_subject ON tasks(subject) WHERE state='ready'",
    "CREATE INDEX tasks_lease ON tasks(lease_until) WHERE state='leased'",
    "CREATE INDEX tasks_finished ON tasks(finished_at) WHERE state='done'",
    // What finished tasks leave behind when they are taken away, so that totals never fall.
    "CREATE TABLE task_totals(kind TEXT PRIMARY KEY, enqueued BIGINT NOT NULL, completed BIGINT NOT NULL,"
    " service_us BIGINT NOT NULL)",
    "CREATE TABLE workers(id TEXT PRIMARY KEY, capacity BIGINT NOT NULL, seen_at BIGINT NOT NULL)",
    "CREATE TABLE emails(dedupe TEXT PRIMARY KEY, recipient TEXT NOT NULL, subject TEXT NOT NULL,"
    " body TEXT NOT NULL, message_id TEXT NOT NULL UNIQUE,"
    " state TEXT NOT NULL DEFAULT 'pending' CHECK(state IN('pending','sent','refused')),"
    " created_at BIGINT NOT NULL, sent_at BIGINT)",
    "CREATE TABLE webhook_events(id TEXT PRIMARY KEY, created BIGINT NOT NULL, type TEXT NOT NULL,"
    " received_at BIGINT NOT NULL)",
    "CREATE TABLE subscriptions(id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users(id),"
    " status TEXT NOT NULL, last_event BIGINT NOT NULL, past_due_since BIGINT)",
    "CREATE INDEX subscriptions_user ON subscriptions(user_id)",
    "CREATE TABLE scaling(one BIGINT PRIMARY KEY, at BIGINT NOT NULL, state TEXT NOT NULL)",
};

constexpr std::int64_t kVersion = 1;

constexpr const char* kPostgresClock =
    "CREATE OR REPLACE FUNCTION now_us() RETURNS bigint LANGUAGE sql STABLE AS"
    " 'SELECT (extract(epoch FROM statement_timestamp())*1000000)::bigint'";

// Rows of the queue change several times in their short life.
constexpr std::string_view kPostgresTasks =
    " WITH (fillfactor=70, autovacuum_vacuum_scale_factor=0.01, autovacuum_vacuum_cost_delay=0)";

}  // namespace

void prepare_schema(Database& database) {
  const bool postgres = database.engine() == "postgresql";
  database.write([&](Transaction& transaction) {
    // Two processes may start at the same time.
    if (postgres) (void)transaction.run("SELECT pg_advisory_xact_lock(7041926)::text");
    (void)transaction.run(
        "CREATE TABLE IF NOT EXISTS schema_version(one BIGINT PRIMARY KEY, version BIGINT NOT NULL)");
    const Rows found = transaction.run("SELECT version FROM schema_version WHERE one=1");
    if (!found.empty()) {
      const std::int64_t version = found[0].integer(0);
      if (version == kVersion) return;
      throw Error(ErrorKind::kUnsupported, "database",
                  fmt::format("has tables of version {}, this program knows version {}; use a newer one",
                              version, kVersion));
    }
    if (postgres) (void)transaction.run(kPostgresClock);
    for (const std::string_view table : kTables) {
      std::string sql(table);
      if (const auto at = sql.find("{TASKS}"); at != std::string::npos)
        sql.replace(at, 7, postgres ? kPostgresTasks : "");
      (void)transaction.run(sql);
    }
    (void)transaction.run("INSERT INTO schema_version(one,version) VALUES(1,$1)", {kVersion});
  });
}

}  // namespace winnow::jobs
