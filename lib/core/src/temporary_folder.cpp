#include "winnow/core/temporary_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <string>

#include "winnow/core/error.hpp"

namespace winnow {

TemporaryFolder::TemporaryFolder() {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::temp_directory_path(error);
  if (error) throw Error(ErrorKind::kIo, "TMPDIR", "not a folder; name one, or leave it unset");
  std::string name = (parent / "winnow-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw Error(ErrorKind::kIo, parent.string(),
                "cannot create a folder for temporary files: " + system_message(errno));
  }
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace winnow
