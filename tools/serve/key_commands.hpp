#pragma once

#include <iosfwd>

#include "serve/options.hpp"

namespace winnow::tools {

// Adds, revokes or lists keys, where the options ask for it. Returns whether they did. Throws what
// api_keys.hpp throws.
bool manage_keys(const ServeOptions& options, std::ostream& out);

}  // namespace winnow::tools
