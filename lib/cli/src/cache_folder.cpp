#include "winnow/cli/cache_folder.hpp"

#include <cstdlib>

namespace winnow::cli {

std::filesystem::path cache_folder() {
  // By the specification, what is not absolute counts as not set.
  const auto folder_in = [](const char* variable) {
    const char* value = std::getenv(variable);
    const std::filesystem::path folder = value == nullptr ? "" : value;
    return folder.is_absolute() ? folder : std::filesystem::path();
  };
  if (const std::filesystem::path folder = folder_in("XDG_CACHE_HOME"); !folder.empty())
    return folder / "winnow";
  const std::filesystem::path home = folder_in("HOME");
  return home.empty() ? home : home / ".cache" / "winnow";
}

}  // namespace winnow::cli
