// Jobs, as pages for people.
#pragma once

#include "desk.hpp"
#include "layout.hpp"

namespace winnow::portal {

inline constexpr std::string_view kJobPages = "/jobs/";

[[nodiscard]] httpd::Response show_jobs(Desk& desk, Visit& visit);
[[nodiscard]] httpd::Response do_upload(Desk& desk, Visit& visit);
// Everything below /jobs/ID.
[[nodiscard]] httpd::Response serve_job_page(Desk& desk, Visit& visit);

}  // namespace winnow::portal
