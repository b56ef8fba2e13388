// What the names in an upload may be, and how they are shown. Thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace winnow::jobs {

// Whether a name leads out of the folder that somebody might unpack to: absolute, with a drive, or with "..".
// Both slashes separate, whatever system it comes from.
[[nodiscard]] bool leads_outside(std::string_view name);

// What systems put beside people's files: names that begin with a dot in any folder, __MACOSX, Thumbs.db,
// desktop.ini.
[[nodiscard]] bool is_hidden(std::string_view name);

// UTF-8 of at most 200 bytes and three dots, with "?" for what is no text, control characters and marks that
// turn the direction of writing. Never empty.
[[nodiscard]] std::string shown_name(std::string_view name);

}  // namespace winnow::jobs
