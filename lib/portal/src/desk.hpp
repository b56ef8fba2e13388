// What all handlers share: the options, what they ask, and how often somebody may try.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "problems.hpp"
#include "spool.hpp"
#include "visit.hpp"
#include "winnow/httpd/rate_limiter.hpp"
#include "winnow/jobs/accounts.hpp"
#include "winnow/jobs/job.hpp"
#include "winnow/jobs/task_handler.hpp"
#include "winnow/portal/portal.hpp"

namespace winnow::portal {

// Thread-safe. What it throws: Refusal, and Error where database or store fail.
struct Desk {
  Desk(PortalOptions its_options, jobs::Database& its_database, storage::ObjectStore& its_store,
       Logger& its_log);

  const PortalOptions options;
  jobs::Database& database;
  storage::ObjectStore& store;
  Logger& log;
  jobs::Accounts accounts;
  Spool spool;
  httpd::RateLimiter sign_ins_of_client;
  httpd::RateLimiter sign_ins_of_account;
  httpd::RateLimiter registrations_of_client;

  [[nodiscard]] jobs::Handlers handlers() { return {database, store, options.terms, log, {}}; }
  [[nodiscard]] std::uint64_t upload_limit(const jobs::User& user) const {
    return user.premium ? options.terms.premium_upload_bytes : options.terms.free_upload_bytes;
  }
  [[nodiscard]] std::vector<std::string> models() const {
    return options.models ? options.models() : std::vector<std::string>();
  }

  // Whoever the token or the session is of.
  [[nodiscard]] std::optional<jobs::User> find_user(const httpd::Request& request,
                                                    const std::string& session);
  // Why somebody may not upload.
  [[nodiscard]] std::optional<httpd::Problem> upload_objection(const std::optional<jobs::User>& user) const;

  // Of this user; 404 for everybody else's.
  [[nodiscard]] jobs::Job find_job(const jobs::User& user, const std::string& id);
  // A page of them, and whether there are older ones.
  struct JobList {
    std::vector<jobs::Job> jobs;
    bool more = false;
  };
  [[nodiscard]] JobList list_jobs(const jobs::User& user, const std::string& before, std::int64_t limit);
  // One of the parts of a job's results.
  [[nodiscard]] std::string read_part(const jobs::User& user, const jobs::Job& job, std::string_view part);

  // Takes one from the limit, or refuses.
  static void spend(httpd::RateLimiter& limiter, const std::string& key);
};

using Handler = std::function<httpd::Response(Desk&, Visit&)>;

// The user, or a refusal: 401.
[[nodiscard]] const jobs::User& require_user(const Visit& visit);
// The token of a form, or a refusal: 403.
void check_form(const Visit& visit, std::string_view token);

// The parts of "/jobs/ID/ACTION" behind the prefix.
struct JobPath {
  std::string id;
  std::string action;  // empty for the job itself
};
// 404 for what is none.
[[nodiscard]] JobPath parse_job_path(std::string_view path, std::string_view prefix);

// To be looked up with GET.
[[nodiscard]] httpd::Response see_other(const std::string& path);

// "2026-11-21T12:00:00Z" of microseconds since 1970; empty for 0.
[[nodiscard]] std::string time_text(std::int64_t microseconds);

}  // namespace winnow::portal
