#pragma once

#include <memory>

#include "winnow/core/log.hpp"
#include "winnow/httpd/server.hpp"

namespace winnow::serving {

// A server of plain HTTP that sends everybody to the same address on this machine's port with TLS. Serves
// until it is destroyed. Throws Error{kNetwork}.
[[nodiscard]] std::unique_ptr<httpd::Server> start_redirect(const httpd::ListenAddress& listen,
                                                            std::uint16_t tls_port, Logger& log);

}  // namespace winnow::serving
