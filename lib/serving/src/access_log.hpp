#pragma once

#include <string>
#include <string_view>

#include "winnow/httpd/server.hpp"

namespace winnow::serving {

// One request as a line of JSON, without its newline. route: what the site calls the path.
[[nodiscard]] std::string access_log_line(const httpd::Served& served, std::string_view route);

}  // namespace winnow::serving
