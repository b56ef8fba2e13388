// Whether a file is still the one that was read.
#pragma once

#include <filesystem>
#include <string>

namespace winnow {

// Another text for each state of a regular file: which one it is, its size and when it was written. The time
// alone would not do: two writes within a tick of the kernel's clock have the same. Empty if there is no such
// file.
[[nodiscard]] std::string file_state(const std::filesystem::path& file);

}  // namespace winnow
