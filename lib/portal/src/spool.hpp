// Uploads in the making, on the local disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "winnow/core/bytes.hpp"

namespace winnow::portal {

// A file that goes with the object. Not thread-safe.
class SpoolFile {
 public:
  SpoolFile(int descriptor, std::filesystem::path path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~SpoolFile();
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;

  // Appends. Returns 0, or the errno of what went wrong.
  [[nodiscard]] int write(ByteSpan bytes);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  int descriptor_;
  std::filesystem::path path_;
  std::uint64_t bytes_ = 0;
};

// A folder of them. Files are locked for as long as their process lives, so that what a killed one has left
// can be told from what others are still writing. Thread-safe.
class Spool {
 public:
  // Makes the folder, and removes what nobody is writing any more. Throws Error{kIo}.
  explicit Spool(std::filesystem::path folder);

  // Throws Error{kIo}.
  [[nodiscard]] std::unique_ptr<SpoolFile> create();

 private:
  std::filesystem::path folder_;
};

// A file as memory, read by the kernel when it is looked at.
class FileView {
 public:
  // The file must not shrink meanwhile. Throws Error{kIo}.
  explicit FileView(const std::filesystem::path& path);
  ~FileView();
  FileView(const FileView&) = delete;
  FileView& operator=(const FileView&) = delete;

  [[nodiscard]] ByteSpan bytes() const { return bytes_; }

 private:
  ByteSpan bytes_;
};

}  // namespace winnow::portal
