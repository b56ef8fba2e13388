#include "problems.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "winnow/core/text.hpp"

namespace winnow::portal {

using httpd::Problem;

Problem busy() {
  return {503, "busy", "The server has too much to do; try again in a moment.", {{"Retry-After", "2"}}};
}

Problem sign_in_required() {
  return {401,
          "sign-in-required",
          "Sign in first; programs send Authorization: Bearer TOKEN, with a token from the account's page.",
          {{"WWW-Authenticate", "Bearer realm=\"winnow\""}}};
}

Problem unconfirmed() {
  return {
      403,
      "address-unconfirmed",
      "Your address is not confirmed yet; open the link in the letter that was sent to it, then try again.",
      {}};
}

Problem not_found() {
  return {404, "not-found", "There is no such job, or it is not yours.", {}};
}

Problem cross_site() {
  return {403, "cross-site", "A page of another site may not send this; open this site's own page.", {}};
}

Problem wrong_form() {
  return {403,
          "form-expired",
          "The form is too old, or cookies are turned off; reload the page and send it again.",
          {}};
}

Problem too_often(std::chrono::seconds wait) {
  return {429,
          "too-many-requests",
          fmt::format("That was tried too often; wait for {} and try again.",
                      format_count(static_cast<std::uint64_t>(wait.count()), "second")),
          {{"Retry-After", std::to_string(wait.count())}}};
}

Problem bad_request(const std::string& detail) {
  return {400, "bad-request", detail, {}};
}

Problem method_not_allowed(const std::string& allow) {
  return {405, "method-not-allowed", "This address understands " + allow + ".", {{"Allow", allow}}};
}

Problem too_large(std::uint64_t limit, const jobs::JobTerms& terms) {
  Problem problem{413, std::string(kTooLarge), "", {}};
  problem.extra["max_bytes"] = limit;
  if (limit < terms.premium_upload_bytes) {
    problem.detail = fmt::format("A free account's uploads may have {}; premium allows {}.",
                                 format_bytes(limit), format_bytes(terms.premium_upload_bytes));
    problem.extra["upgrade"] = "/upgrade";
  } else {
    problem.detail = fmt::format("An upload may have {}; send the pictures in parts.", format_bytes(limit));
  }
  return problem;
}

Problem refused_upload(const Failure& failure) {
  std::string code = "upload-" + failure.code;
  std::ranges::replace(code, '_', '-');
  return {422, code, fmt::format("The upload is refused: {}.", failure.message), {}};
}

Problem no_results(const jobs::Job& job, bool premium) {
  if (job.state == "failed") return {404, "no-results", "The job has no results: it has failed.", {}};
  if (job.state == "cancelled") return {404, "no-results", "The job has no results: it was cancelled.", {}};
  if (job.state != "done") {
    return {409, "not-done", "The job is not done yet; ask again in a moment.", {{"Retry-After", "2"}}};
  }
  if (premium || job.storage == "restoring") {
    return {409,
            "restoring",
            "The results are being brought back from the archive; ask again later.",
            {{"Retry-After", "30"}}};
  }
  Problem problem{409, "archived", "The results are archived; upgrade to premium to get them back.", {}};
  problem.extra["upgrade"] = "/upgrade";
  return problem;
}

Problem unavailable() {
  return {503,
          "unavailable",
          "The server cannot reach what it keeps jobs in; try again in a moment.",
          {{"Retry-After", "10"}}};
}

}  // namespace winnow::portal
