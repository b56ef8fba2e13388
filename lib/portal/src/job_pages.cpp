#include "job_pages.hpp"

#include <fmt/format.h>

#include "account_pages.hpp"
#include "assets.hpp"
#include "upload.hpp"
#include "winnow/core/text.hpp"
#include "winnow/jobs/results.hpp"

namespace winnow::portal {
namespace {

constexpr std::int64_t kJobsOnPage = 25;

// Its pictures and styles are in it, and nothing else is let through.
constexpr const char* kSheetPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; sandbox";

std::string state_text(const jobs::Job& job) {
  if (job.state == "uploading") return "being taken in";
  if (job.state == "queued") return "waiting for its turn";
  if (job.state == "running") return fmt::format("{} of {} pictures", job.answered, job.pictures);
  if (job.state == "done") {
    return job.unreadable == 0
               ? format_count(static_cast<std::uint64_t>(job.answered), "picture")
               : fmt::format("{}, {} of them unreadable",
                             format_count(static_cast<std::uint64_t>(job.answered), "picture"),
                             job.unreadable);
  }
  return job.failure;
}

// "2026-11-21 12:00 UTC", for people and for programs.
Html when(std::int64_t microseconds) {
  if (microseconds == 0) return Html::escape("not yet");
  const std::string full = time_text(microseconds);
  return Html::fill("<time datetime=\"{{full}}\">{{day}} {{hour}} UTC</time>",
                    {{"full", full}, {"day", full.substr(0, 10)}, {"hour", full.substr(11, 5)}});
}

// What a person is told of where the results are.
std::string storage_word(const jobs::Job& job, bool premium) {
  if (job.state != "done" || job.storage == "hot") return "";
  if (job.storage == "restoring" || (premium && job.storage == "cold")) return "coming back";
  return job.storage == "cold" ? "archived" : "";
}

Html job_row(const jobs::Job& job, bool premium) {
  const std::string storage = storage_word(job, premium);
  return Html::fill(
      "<li><a href=\"/jobs/{{id}}\">{{name}}</a><span class=\"tag {{state}}\">{{state}}</span>{{storage}}"
      "<small>{{text}}</small><time datetime=\"{{time}}\">{{short}}</time></li>",
      {{"id", job.id},
       {"name", job.name},
       {"state", job.state},
       {"storage", storage.empty()
                       ? Html()
                       : Html::fill("<span class=\"tag stored\">{{word}}</span>", {{"word", storage}})},
       {"text", state_text(job)},
       {"time", time_text(job.created_at)},
       {"short", time_text(job.created_at).substr(0, 10)}});
}

Html model_choice(const std::vector<std::string>& models) {
  if (models.size() < 2) return {};
  Html choices;
  for (const std::string& model : models)
    choices += Html::fill("<option value=\"{{model}}\">{{model}}</option>", {{"model", model}});
  return Html::fill(
      "<p class=\"row\"><label for=\"model\">Model</label><select id=\"model\" "
      "name=\"model\">{{choices}}</select></p>",
      {{"choices", choices}});
}

Html button_form(const std::string& session, const std::string& action, const char* text) {
  return Html::fill(
      "<form method=\"post\" action=\"{{action}}\">{{token}}<button class=\"button secondary "
      "small\">{{text}}</button></form>",
      {{"action", action}, {"token", form_token(session)}, {"text", text}});
}

Html result_links(const std::string& at) {
  return Html::fill(
      "<ul class=\"links\"><li><a class=\"button\" href=\"{{at}}/sheet\">Contact sheet</a></li>"
      "<li><a class=\"button secondary\" href=\"{{at}}/results.csv\">CSV</a></li>"
      "<li><a class=\"button secondary\" href=\"{{at}}/results.jsonl\">JSON lines</a></li>"
      "<li><a class=\"button secondary\" href=\"{{at}}/log\">Log</a></li></ul>",
      {{"at", at}});
}

// The links, or what has to happen before there are any.
Html results_of(const Desk& desk, const jobs::Job& job, const jobs::User& user) {
  if (job.state != "done") return {};
  const std::string word = storage_word(job, user.premium);
  if (word == "archived") {
    return Html::fill(
        "<div class=\"note\"><h2>Archived</h2><p>Results of free accounts are put into an archive. Nothing "
        "is "
        "lost: with premium they come back.</p><p><a class=\"button\" href=\"/upgrade\">Get them "
        "back</a></p></div>",
        {});
  }
  if (word == "coming back") {
    return Html::fill(
        "<div class=\"note\"><h2>On their way back</h2><p>The results are being brought back from the "
        "archive. This "
        "page shows when they are here.</p></div>",
        {});
  }
  if (user.premium) return result_links("/jobs/" + job.id);
  Html html = result_links("/jobs/" + job.id);
  html += Html::fill(
      "<p class=\"small\">Kept at hand until <time datetime=\"{{time}}\">{{short}} UTC</time>, then "
      "archived. "
      "<a href=\"/upgrade\">Premium</a> keeps them.</p>",
      {{"time", time_text(job.completed_at + desk.options.terms.archive_after.count())},
       {"short", time_text(job.completed_at + desk.options.terms.archive_after.count()).substr(11, 5)}});
  return html;
}

httpd::Response show_job(const Desk& desk, const Visit& visit, const jobs::Job& job) {
  const jobs::User& user = *visit.user;
  const std::string at = "/jobs/" + job.id;
  const std::string word = storage_word(job, user.premium);
  const bool changing = !job.is_over() || word == "coming back";
  const std::int64_t total = job.pictures == 0 ? 1 : job.pictures;
  Html progress;
  if (!job.is_over()) {
    progress = Html::fill(
        "<progress id=\"progress\" max=\"{{total}}\" value=\"{{done}}\" aria-label=\"Pictures "
        "answered\"></progress>",
        {{"total", std::to_string(total)}, {"done", std::to_string(job.answered)}});
  }
  Html actions;
  if (!job.is_over()) actions += button_form(visit.session, at + "/cancel", "Cancel this job");
  actions += button_form(visit.session, at + "/delete", "Delete it and its results");
  const Html head =
      changing ? Html::fill("<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>", {}) : Html();
  return lay_out(
      {.title = job.name,
       .main = Html::fill(
           assets::job_html,
           {{"name", job.name},
            {"watch", changing ? Html::fill(" data-job=\"/api/v1/jobs/{{id}}\" data-state=\"{{state}}\" "
                                            "data-storage=\"{{storage}}\"",
                                            {{"id", job.id}, {"state", job.state}, {"storage", job.storage}})
                               : Html()},
            {"state", job.state},
            {"text", state_text(job)},
            {"progress", progress},
            {"results", results_of(desk, job, user)},
            {"created", when(job.created_at)},
            {"completed", when(job.completed_at)},
            {"model", job.model.empty() ? std::string("the first") : job.model},
            {"bytes", format_bytes(static_cast<std::uint64_t>(job.input_bytes))},
            {"actions", actions}}),
       .head = head},
      visit.session, true);
}

httpd::Response download(const char* type, const char* name, std::string content) {
  httpd::Response response{200, {{"Content-Type", type}}, std::move(content)};
  if (name != nullptr)
    response.headers.set("Content-Disposition", fmt::format("attachment; filename=\"{}\"", name));
  keep_private(response);
  return response;
}

httpd::Response show_log(Desk& desk, const Visit& visit, const jobs::Job& job) {
  // What failed has no results, and says why itself.
  if (job.state == "failed") return download("text/plain; charset=utf-8", nullptr, job.failure + "\n");
  return download("text/plain; charset=utf-8", nullptr, desk.read_part(*visit.user, job, jobs::kJobLog));
}

httpd::Response change_job(Desk& desk, const Visit& visit, const jobs::Job& job, const std::string& action) {
  check_form(visit, visit.field("csrf"));
  if (action == "cancel") {
    desk.database.write([&](jobs::Transaction& transaction) { (void)jobs::cancel_job(transaction, job.id); });
    return see_other("/jobs/" + job.id);
  }
  desk.database.write([&](jobs::Transaction& transaction) { (void)jobs::delete_job(transaction, job.id); });
  return see_other("/jobs");
}

}  // namespace

httpd::Response show_jobs(Desk& desk, Visit& visit) {
  const jobs::User& user = require_user(visit);
  const std::string before = visit.request.parameter("before").value_or("");
  const Desk::JobList list = desk.list_jobs(user, before, kJobsOnPage);
  Html rows;
  for (const jobs::Job& job : list.jobs) rows += job_row(job, user.premium);
  if (list.jobs.empty()) rows = Html::fill("<li class=\"empty\">Nothing here yet.</li>", {});
  Html older;
  if (list.more) {
    older =
        Html::fill("<p><a class=\"button secondary small\" href=\"/jobs?before={{id}}\">Older jobs</a></p>",
                   {{"id", list.jobs.back().id}});
  }
  const std::uint64_t limit = desk.upload_limit(user);
  return lay_out(
      {.title = "Your jobs",
       .main = Html::fill(
           assets::jobs_html,
           {{"token", form_token(visit.session)},
            {"models", model_choice(desk.models())},
            {"max_bytes", std::to_string(limit)},
            {"limit", format_bytes(limit)},
            {"upgrade", user.premium ? "" : "/upgrade?too-large"},
            {"more", user.premium
                         ? Html()
                         : Html::fill(" <a href=\"/upgrade\">Premium</a> "
                                      "allows {{limit}}.",
                                      {{"limit", format_bytes(desk.options.terms.premium_upload_bytes)}})},
            {"rows", rows},
            {"older", older}})},
      visit.session, true);
}

httpd::Response do_upload(Desk& desk, Visit& visit) {
  if (auto objection = desk.upload_objection(visit.user)) throw Refusal{std::move(*objection)};
  const Upload upload = read_upload(desk, *visit.user, visit.request);
  check_form(visit, upload.form_token);
  return see_other("/jobs/" + submit_upload(desk, *visit.user, upload, {}));
}

httpd::Response serve_job_page(Desk& desk, Visit& visit) {
  const JobPath path = parse_job_path(visit.request.path, kJobPages);
  const bool changes = path.action == "cancel" || path.action == "delete";
  if (changes && visit.request.method != "POST") throw Refusal{method_not_allowed("POST")};
  if (!changes && is_unsafe(visit.request.method)) throw Refusal{method_not_allowed("GET, HEAD")};
  const jobs::User& user = require_user(visit);
  const jobs::Job job = desk.find_job(user, path.id);
  if (path.action.empty()) return show_job(desk, visit, job);
  if (changes) return change_job(desk, visit, job, path.action);
  if (path.action == "log") return show_log(desk, visit, job);
  if (path.action == "results.jsonl") {
    return download("application/x-ndjson", "results.jsonl", desk.read_part(user, job, jobs::kResultLines));
  }
  if (path.action == "results.csv") {
    return download("text/csv; charset=utf-8", "results.csv",
                    jobs::to_csv(desk.read_part(user, job, jobs::kResultLines)));
  }
  if (path.action != "sheet") throw Refusal{not_found()};
  httpd::Response response =
      download("text/html; charset=utf-8", nullptr, desk.read_part(user, job, jobs::kContactSheet));
  response.headers.set("Content-Security-Policy", kSheetPolicy);
  return response;
}

}  // namespace winnow::portal
