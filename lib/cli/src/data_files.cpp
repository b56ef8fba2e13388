#include "winnow/cli/data_files.hpp"

namespace winnow::cli {

std::filesystem::path data_file(std::string_view name) {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  return program.parent_path().parent_path() / "share" / "winnow" / name;
}

}  // namespace winnow::cli
