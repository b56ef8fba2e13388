#pragma once

#include "winnow/httpd/server.hpp"
#include "winnow/serving/security.hpp"

namespace winnow::serving {

// What goes into every answer of a site, for pages that run and load nothing of anybody else's.
[[nodiscard]] httpd::ServerOptions with_site_headers(httpd::ServerOptions options, Gate gate);

}  // namespace winnow::serving
