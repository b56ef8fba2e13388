#include "winnow/core/atomic_folder.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "winnow/core/atomic_file.hpp"
#include "winnow/core/error.hpp"

namespace winnow {
namespace {

namespace fs = std::filesystem;

fs::path without_trailing_slash(const fs::path& path) {
  return path.has_filename() ? path : path.parent_path();
}

// Once for all files; a name that leads to half of them would be worse than none.
void sync_all(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::syncfs(descriptor);
  ::close(descriptor);
}

}  // namespace

AtomicFolder::AtomicFolder(const fs::path& target) : target_(without_trailing_slash(target)) {
  const fs::path parent = target_.has_parent_path() ? target_.parent_path() : fs::path(".");
  std::string pattern = (parent / (std::string(kTemporaryFilePrefix) + "XXXXXX")).string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw Error(ErrorKind::kIo, target_.string(), "cannot make a folder beside it: " + system_message(errno));
  }
  path_ = pattern;
  // mkdtemp gives it to its owner alone; it shall be as public as any new folder.
  std::error_code error;
  fs::permissions(path_, fs::perms(0755), error);
}

AtomicFolder::~AtomicFolder() {
  std::error_code error;
  if (!path_.empty()) fs::remove_all(path_, error);
}

void AtomicFolder::commit() {
  sync_all(path_);
  if (::rename(path_.c_str(), target_.c_str()) != 0) {
    throw Error(ErrorKind::kIo, target_.string(), "cannot write: " + system_message(errno));
  }
  path_.clear();
}

}  // namespace winnow
