#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace winnow::test {

// A folder of its own for one test, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(const std::filesystem::path& name) const {
    return path_ / name;
  }

  // Writes a file, making its folders, and returns its path.
  std::filesystem::path write(const std::filesystem::path& name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

// The whole content; fails the test if there is none.
[[nodiscard]] std::string read_text(const std::filesystem::path& path);

// Every file below, relative, sorted.
[[nodiscard]] std::vector<std::string> list_files(const std::filesystem::path& folder);

}  // namespace winnow::test
