#pragma once

#include <filesystem>

namespace winnow {

// A folder that appears whole or not at all: filled under a temporary name beside its target, synced, then
// renamed. Destroyed without commit() it is gone. Not thread-safe.
class AtomicFolder {
 public:
  // Throws Error{kIo}.
  explicit AtomicFolder(const std::filesystem::path& target);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  // Where to put what shall be in it.
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  // Throws Error{kIo}, also if the target is there and not an empty folder.
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path path_;
};

}  // namespace winnow
