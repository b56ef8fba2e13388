#include "desk.hpp"

#include <algorithm>
#include <chrono>

#include "winnow/core/temporary_folder.hpp"
#include "winnow/core/text.hpp"
#include "winnow/jobs/results.hpp"
#include "winnow/jobs/submission.hpp"
#include "winnow/jobs/token.hpp"

namespace winnow::portal {
namespace {

PortalOptions checked(PortalOptions options) {
  const auto refuse = [](const char* what, const char* why) { throw Error(ErrorKind::kUsage, what, why); };
  if (options.threads == 0 || options.queue == 0 || options.uploads == 0)
    refuse("portal", "needs a thread, and room for a request and an upload at least");
  if (options.provider == PlanProvider::kStripe && options.webhook_secret.empty())
    refuse("webhook secret", "is missing; without it nobody's payments can be believed");
  for (const Rate& rate :
       {options.sign_ins_of_client, options.sign_ins_of_account, options.registrations_of_client}) {
    if (!(rate.per_minute > 0) || rate.burst == 0) refuse("rate", "has to be above 0");
  }
  while (options.public_url.ends_with('/')) options.public_url.pop_back();
  if (options.spool.empty()) refuse("spool", "is missing; name a folder for uploads in the making");
  return options;
}

}  // namespace

Desk::Desk(PortalOptions its_options, jobs::Database& its_database, storage::ObjectStore& its_store,
           Logger& its_log)
    : options(checked(std::move(its_options))),
      database(its_database),
      store(its_store),
      log(its_log),
      accounts(database, options.accounts),
      spool(options.spool),
      sign_ins_of_client(options.sign_ins_of_client.per_minute / 60, options.sign_ins_of_client.burst),
      sign_ins_of_account(options.sign_ins_of_account.per_minute / 60, options.sign_ins_of_account.burst),
      registrations_of_client(options.registrations_of_client.per_minute / 60,
                              options.registrations_of_client.burst) {}

std::optional<jobs::User> Desk::find_user(const httpd::Request& request, const std::string& session) {
  if (const auto token = bearer_of(request)) return accounts.find_token(*token);
  if (session.empty()) return std::nullopt;
  const auto found = accounts.find_session(session);
  if (!found) return std::nullopt;
  return found->user;
}

std::optional<httpd::Problem> Desk::upload_objection(const std::optional<jobs::User>& user) const {
  if (!user) return sign_in_required();
  if (options.accounts.confirm_addresses && !user->confirmed) return unconfirmed();
  return std::nullopt;
}

jobs::Job Desk::find_job(const jobs::User& user, const std::string& id) {
  std::optional<jobs::Job> job;
  database.read([&](jobs::Transaction& transaction) { job = jobs::find_job(transaction, id); });
  if (!job || job->user_id != user.id) throw Refusal{not_found()};
  return *job;
}

Desk::JobList Desk::list_jobs(const jobs::User& user, const std::string& before, std::int64_t limit) {
  JobList list;
  database.read([&](jobs::Transaction& transaction) {
    list.jobs = jobs::list_jobs(transaction, user.id, before, limit + 1);
  });
  list.more = list.jobs.size() > static_cast<std::size_t>(limit);
  if (list.more) list.jobs.pop_back();
  return list;
}

std::string Desk::read_part(const jobs::User& user, const jobs::Job& job, std::string_view part) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "results";
  if (!jobs::fetch_results(handlers(), job, file))
    throw Refusal{no_results(find_job(user, job.id), user.premium)};
  return jobs::read_result(file, part);
}

void Desk::spend(httpd::RateLimiter& limiter, const std::string& key) {
  const httpd::RateLimiter::Verdict verdict = limiter.take(key);
  if (!verdict.allowed) throw Refusal{too_often(verdict.retry_after)};
}

const jobs::User& require_user(const Visit& visit) {
  if (!visit.user) throw Refusal{sign_in_required()};
  return *visit.user;
}

void check_form(const Visit& visit, std::string_view token) {
  if (visit.fresh || !jobs::csrf_token_matches(visit.session, token)) throw Refusal{wrong_form()};
}

JobPath parse_job_path(std::string_view path, std::string_view prefix) {
  path.remove_prefix(prefix.size());
  const std::size_t slash = std::min(path.find('/'), path.size());
  JobPath parts{std::string(path.substr(0, slash)),
                std::string(path.substr(std::min(slash + 1, path.size())))};
  const bool hexadecimal =
      std::ranges::all_of(parts.id, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (parts.id.empty() || parts.id.size() > 64 || !hexadecimal) throw Refusal{not_found()};
  return parts;
}

httpd::Response see_other(const std::string& path) {
  return {303, {{"Location", path}}, ""};
}

std::string time_text(std::int64_t microseconds) {
  if (microseconds == 0) return "";
  return format_time(
      std::chrono::system_clock::time_point(std::chrono::duration_cast<std::chrono::system_clock::duration>(
          std::chrono::microseconds(microseconds))));
}

}  // namespace winnow::portal
