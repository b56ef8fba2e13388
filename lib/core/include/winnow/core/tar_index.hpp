#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace winnow {

// Where the files in a tar archive are, for readers of one thread. POSIX.1-1988 (ustar), pax names and sizes,
// and GNU's long names; no compression, so that files can be read where they lie. Links, devices and folders
// are passed over.
class TarIndex {
 public:
  struct Entry {
    std::string name;  // as the archive has it
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };

  // Throws Error{kNotFound | kIo | kInvalid}, the last also for compressed archives.
  explicit TarIndex(std::filesystem::path path);

  // Nothing at the end of the archive. Throws Error{kIo | kInvalid} "path: ..." where it is damaged or ends
  // early.
  std::optional<Entry> next();

 private:
  std::string read_text(std::uint64_t size);
  [[noreturn]] void fail(const std::string& message) const;

  const std::filesystem::path path_;
  std::ifstream in_;
  std::uint64_t file_size_ = 0;
  std::uint64_t position_ = 0;  // of the next header
};

}  // namespace winnow
