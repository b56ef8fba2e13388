#include "winnow/core/glob.hpp"

#include <fnmatch.h>

#include <algorithm>

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAnyFolders = "**";

// The names in a folder that can match, sorted.
std::vector<fs::path> names_in(const fs::path& folder) {
  std::vector<fs::path> names;
  std::error_code error;
  const fs::path place = folder.empty() ? fs::path(".") : folder;
  for (fs::directory_iterator it(place, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// parts[from, ...) below folder.
void expand(const fs::path& folder, const std::vector<fs::path>& parts, std::size_t from,
            std::vector<fs::path>& files) {
  std::error_code error;
  if (from == parts.size()) {
    if (fs::is_regular_file(folder, error)) files.push_back(folder);
    return;
  }
  const std::string& part = parts[from].native();
  if (part == kAnyFolders) {
    const bool last = from + 1 == parts.size();
    if (!last) expand(folder, parts, from + 1, files);
    for (const fs::path& name : names_in(folder)) {
      if (name.native().starts_with('.')) continue;
      const fs::path below = folder / name;
      if (fs::is_directory(fs::symlink_status(below, error))) {
        expand(below, parts, from, files);
      } else if (last) {
        expand(below, parts, parts.size(), files);
      }
    }
  } else if (is_glob(part)) {
    for (const fs::path& name : names_in(folder)) {
      if (::fnmatch(part.c_str(), name.c_str(), FNM_PERIOD) == 0)
        expand(folder / name, parts, from + 1, files);
    }
  } else if (fs::exists(folder / part, error)) {
    expand(folder / part, parts, from + 1, files);
  }
}

}  // namespace

bool is_glob(const std::string& name) {
  return name.find_first_of("*?[") != std::string::npos;
}

std::vector<fs::path> expand_glob(const std::string& pattern) {
  const fs::path path(pattern);
  const fs::path below_root = path.relative_path();
  std::vector<fs::path> files;
  expand(path.root_path(), {below_root.begin(), below_root.end()}, 0, files);
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());  // ** twice finds a file on several ways
  return files;
}

}  // namespace winnow
