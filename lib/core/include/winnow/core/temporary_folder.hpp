#pragma once

#include <filesystem>

namespace winnow {

// A folder that only we can read, for as long as the object lives; it goes with all that is in it. It lies in
// TMPDIR, or else in /tmp.
class TemporaryFolder {
 public:
  // Throws Error{kIo}.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace winnow
