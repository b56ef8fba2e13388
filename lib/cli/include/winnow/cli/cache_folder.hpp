#pragma once

#include <filesystem>

namespace winnow::cli {

// Where what can be made again may be kept: winnow in XDG_CACHE_HOME, or else in ~/.cache. It need not exist.
// Empty if there is no such place. https://specifications.freedesktop.org/basedir-spec/
[[nodiscard]] std::filesystem::path cache_folder();

}  // namespace winnow::cli
