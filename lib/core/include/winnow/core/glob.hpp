#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace winnow {

// Whether a name holds *, ? or [.
[[nodiscard]] bool is_glob(const std::string& name);

// The files that match a pattern, sorted: *, ? and [...] within a name as in glob(7), and ** for any number
// of folders, also none. Hidden names match only where the pattern spells their dot; folders are not
// followed through symbolic links by **. What cannot be entered is passed over.
[[nodiscard]] std::vector<std::filesystem::path> expand_glob(const std::string& pattern);

}  // namespace winnow
