// Jobs and the account, for programs: /api/v1.
#pragma once

#include "desk.hpp"

namespace winnow::portal {

inline constexpr std::string_view kJobApi = "/api/v1/jobs/";

[[nodiscard]] httpd::Response api_submit(Desk& desk, Visit& visit);
[[nodiscard]] httpd::Response api_list(Desk& desk, Visit& visit);
[[nodiscard]] httpd::Response api_account(Desk& desk, Visit& visit);
// Everything below /api/v1/jobs/ID.
[[nodiscard]] httpd::Response serve_job_api(Desk& desk, Visit& visit);

}  // namespace winnow::portal
