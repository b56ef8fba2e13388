#pragma once

#include <string>
#include <vector>

#include "winnow/core/context.hpp"
#include "winnow/doctor/facts.hpp"

namespace winnow::doctor {

// Asks each host, by HTTPS unless a name begins with http://, for its robots.txt, the one file that is there
// for programs, and says how far that came: name, connection, certificate, answer, and by its Date header how
// our clock stands. Private addresses are asked too: a person named them. Throws Error{kUsage} for what is no
// name of a host, Error{kIo | kCancelled}.
[[nodiscard]] std::vector<Host> ask_hosts(const std::vector<std::string>& names, const Context& context);

}  // namespace winnow::doctor
