#pragma once

#include <cstdint>
#include <filesystem>

#include "s3_transport.hpp"
#include "winnow/core/hash.hpp"

namespace winnow::net {

// A regular file, open, whose parts become bodies of requests. Thread-safe.
class FileToSend {
 public:
  // Throws Error{kNotFound | kIo}.
  explicit FileToSend(const std::filesystem::path& path);
  ~FileToSend();
  FileToSend(const FileToSend&) = delete;
  FileToSend& operator=(const FileToSend&) = delete;

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  // A part, hashed; its bytes go into `whole` too, if there is one. Throws Error{kIo} if the file has become
  // shorter. The body is good for as long as this lives.
  [[nodiscard]] S3Body part(std::uint64_t offset, std::uint64_t size, Sha256* whole = nullptr) const;

 private:
  const std::filesystem::path path_;
  int descriptor_;
  std::uint64_t bytes_ = 0;
};

}  // namespace winnow::net
