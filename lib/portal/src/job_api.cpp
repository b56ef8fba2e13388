#include "job_api.hpp"

#include <algorithm>
#include <charconv>

#include "layout.hpp"
#include "upload.hpp"
#include "winnow/core/text.hpp"
#include "winnow/jobs/results.hpp"

namespace winnow::portal {
namespace {

constexpr std::int64_t kJobsByDefault = 50;
constexpr std::int64_t kMostJobs = 200;
constexpr std::size_t kMostKeyBytes = 200;

Json time_or_null(std::int64_t microseconds) {
  return microseconds == 0 ? Json(nullptr) : Json(time_text(microseconds));
}

Json job_json(const jobs::Job& job) {
  const std::string at = std::string(kJobApi) + job.id;
  Json json = {{"id", job.id},
               {"name", job.name},
               {"model", job.model},
               {"state", job.state},
               {"storage", job.storage},
               {"pictures", job.pictures},
               {"answered", job.answered},
               {"unreadable", job.unreadable},
               {"input_bytes", job.input_bytes},
               {"result_bytes", job.result_bytes},
               {"created_at", time_text(job.created_at)},
               {"started_at", time_or_null(job.started_at)},
               {"completed_at", time_or_null(job.completed_at)}};
  if (!job.failure.empty()) json["failure"] = job.failure;
  json["links"] = {
      {"self", at}, {"results", at + "/results"}, {"log", at + "/log"}, {"page", "/jobs/" + job.id}};
  return json;
}

httpd::Response private_json(int status, const Json& json) {
  httpd::Response response = httpd::json_response(status, json);
  keep_private(response);
  return response;
}

httpd::Response private_text(const char* type, std::string content) {
  httpd::Response response{200, {{"Content-Type", type}}, std::move(content)};
  keep_private(response);
  return response;
}

httpd::Response results(Desk& desk, const Visit& visit, const jobs::Job& job) {
  std::string format = visit.request.parameter("format").value_or("");
  if (format.empty()) {
    const bool csv =
        visit.request.headers.find_joined("Accept").value_or("").find("text/csv") != std::string::npos;
    format = csv ? "csv" : "jsonl";
  }
  if (format != "csv" && format != "jsonl") throw Refusal{bad_request("format is jsonl or csv.")};
  std::string lines = desk.read_part(*visit.user, job, jobs::kResultLines);
  if (format == "csv") return private_text("text/csv; charset=utf-8", jobs::to_csv(lines));
  return private_text("application/x-ndjson", std::move(lines));
}

void require_method(const Visit& visit, std::string_view method, const char* allow) {
  const std::string& asked = visit.request.method;
  if (asked == method || (method == "GET" && asked == "HEAD")) return;
  throw Refusal{method_not_allowed(allow)};
}

httpd::Response remove(Desk& desk, const jobs::Job& job) {
  desk.database.write([&](jobs::Transaction& transaction) { (void)jobs::delete_job(transaction, job.id); });
  return {204, {}, ""};
}

httpd::Response cancel(Desk& desk, const jobs::User& user, const jobs::Job& job) {
  bool cancelled = false;
  desk.database.write([&](jobs::Transaction& transaction) {
    cancelled = jobs::cancel_job(transaction, job.id) || cancelled;
  });
  const jobs::Job now = desk.find_job(user, job.id);
  if (!cancelled && now.state != "cancelled")
    throw Refusal{{409, "already-over", "The job is over: it is " + now.state + ".", {}}};
  return private_json(200, job_json(now));
}

}  // namespace

httpd::Response api_submit(Desk& desk, Visit& visit) {
  if (auto objection = desk.upload_objection(visit.user)) throw Refusal{std::move(*objection)};
  std::optional<std::string> key;
  if (const auto given = visit.request.headers.find("Idempotency-Key")) key = std::string(*given);
  if (key && (key->empty() || key->size() > kMostKeyBytes || !is_utf8(*key)))
    throw Refusal{bad_request("Idempotency-Key has 1 to 200 bytes of UTF-8.")};
  const Upload upload = read_upload(desk, *visit.user, visit.request);
  const std::string id = submit_upload(desk, *visit.user, upload, key);
  httpd::Response response = private_json(201, job_json(desk.find_job(*visit.user, id)));
  response.headers.set("Location", std::string(kJobApi) + id);
  return response;
}

httpd::Response api_list(Desk& desk, Visit& visit) {
  const jobs::User& user = require_user(visit);
  std::int64_t limit = kJobsByDefault;
  if (const auto asked = visit.request.parameter("limit")) {
    const auto [end, error] = std::from_chars(asked->data(), asked->data() + asked->size(), limit);
    if (error != std::errc() || end != asked->data() + asked->size() || limit < 1 || limit > kMostJobs)
      throw Refusal{bad_request("limit is a number from 1 to 200.")};
  }
  const Desk::JobList list = desk.list_jobs(user, visit.request.parameter("before").value_or(""), limit);
  Json json = {{"jobs", Json::array()}, {"next", nullptr}};
  for (const jobs::Job& job : list.jobs) json["jobs"].push_back(job_json(job));
  if (list.more) {
    json["next"] = "/api/v1/jobs?limit=" + std::to_string(limit) + "&before=" + list.jobs.back().id;
  }
  return private_json(200, json);
}

httpd::Response api_account(Desk& desk, Visit& visit) {
  const jobs::User& user = require_user(visit);
  return private_json(200, {{"id", user.id},
                            {"email", user.email},
                            {"plan", user.premium ? "premium" : "free"},
                            {"confirmed", user.confirmed},
                            {"max_upload_bytes", desk.upload_limit(user)}});
}

httpd::Response serve_job_api(Desk& desk, Visit& visit) {
  const JobPath path = parse_job_path(visit.request.path, kJobApi);
  const jobs::User& user = require_user(visit);
  const jobs::Job job = desk.find_job(user, path.id);
  if (path.action.empty()) {
    if (visit.request.method == "DELETE") return remove(desk, job);
    require_method(visit, "GET", "DELETE, GET, HEAD");
    return private_json(200, job_json(job));
  }
  if (path.action == "cancel") {
    require_method(visit, "POST", "POST");
    return cancel(desk, user, job);
  }
  if (path.action != "results" && path.action != "log") throw Refusal{not_found()};
  require_method(visit, "GET", "GET, HEAD");
  if (path.action == "results") return results(desk, visit, job);
  if (job.state == "failed") return private_text("text/plain; charset=utf-8", job.failure + "\n");
  return private_text("text/plain; charset=utf-8", desk.read_part(user, job, jobs::kJobLog));
}

}  // namespace winnow::portal
