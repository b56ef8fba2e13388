#include "winnow/cli/data_files.hpp"

namespace winnow::cli {
namespace {

// What bin/ of the running program lies in.
std::filesystem::path prefix() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().parent_path();
}

}  // namespace

std::filesystem::path data_file(std::string_view name) {
  return prefix() / "share" / "winnow" / name;
}

std::filesystem::path module_file(std::string_view name) {
  return prefix() / "lib" / "winnow" / name;
}

}  // namespace winnow::cli
