// What is refused, and why: which failure has which status.
#pragma once

#include "winnow/core/error.hpp"
#include "winnow/httpd/message.hpp"
#include "winnow/jobs/job.hpp"
#include "winnow/jobs/terms.hpp"

namespace winnow::portal {

// Thrown by handlers: what the request is answered with.
struct Refusal {
  httpd::Problem problem;
};

[[nodiscard]] httpd::Problem busy();
[[nodiscard]] httpd::Problem sign_in_required();
[[nodiscard]] httpd::Problem unconfirmed();
[[nodiscard]] httpd::Problem not_found();
[[nodiscard]] httpd::Problem cross_site();
[[nodiscard]] httpd::Problem wrong_form();
[[nodiscard]] httpd::Problem too_often(std::chrono::seconds wait);
[[nodiscard]] httpd::Problem bad_request(const std::string& detail);
[[nodiscard]] httpd::Problem method_not_allowed(const std::string& allow);

// limit: what the sender may send.
[[nodiscard]] httpd::Problem too_large(std::uint64_t limit, const jobs::JobTerms& terms);
inline constexpr std::string_view kTooLarge = "upload-too-large";

// failure: what jobs::submit() says.
[[nodiscard]] httpd::Problem refused_upload(const Failure& failure);

// Why a job's results cannot be had now.
[[nodiscard]] httpd::Problem no_results(const jobs::Job& job, bool premium);

// The error of a database or store, to be tried again later.
[[nodiscard]] httpd::Problem unavailable();

}  // namespace winnow::portal
