#include "winnow/core/file_state.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

namespace winnow {

std::string file_state(const std::filesystem::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return "";
  return fmt::format("{}/{} {} {}.{:09}", status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec);
}

}  // namespace winnow
