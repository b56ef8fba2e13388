#pragma once

namespace winnow::net {

// As many connections as wanted, or as the process may have files open: one each, a second while IPv6 and
// IPv4 race, two while a name is resolved, and some for everyone else. At least one. Raises the soft limit of
// open files where that helps.
[[nodiscard]] unsigned affordable_connections(unsigned wanted);

}  // namespace winnow::net
