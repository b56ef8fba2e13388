#pragma once

#include <filesystem>
#include <string_view>

#include "winnow/core/bytes.hpp"

namespace winnow {

// A file that appears whole or not at all: written under a temporary name beside its target, synced, then
// renamed over it. Destroyed without commit() it leaves what was there before. Not thread-safe.
class AtomicFile {
 public:
  // Creates the temporary file. Throws Error{kIo}.
  explicit AtomicFile(std::filesystem::path target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  // Appends. Throws Error{kIo}, for example on a full disk.
  void write(ByteSpan bytes);
  void write(std::string_view text) { write(as_bytes(text)); }

  // Makes the content durable and visible. Throws Error{kIo}; the target is then untouched.
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  int descriptor_;
};

void write_file_atomically(const std::filesystem::path& target, ByteSpan bytes);
void write_file_atomically(const std::filesystem::path& target, std::string_view text);

}  // namespace winnow
