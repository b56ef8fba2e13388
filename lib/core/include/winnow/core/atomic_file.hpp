#pragma once

#include <filesystem>
#include <string_view>

#include "winnow/core/bytes.hpp"

namespace winnow {

enum class Durability {
  kSynced,    // commit() waits until the content is on the disk
  kUnsynced,  // whoever writes thousands of files syncs them together; a power failure may leave one short
};

// What temporary files are named, so that those of a killed process can be told from everything else.
inline constexpr std::string_view kTemporaryFilePrefix = ".winnow-";

// A file that appears whole or not at all: written under a temporary name, synced, then renamed over its
// target. Destroyed without commit() it leaves what was there before. Not thread-safe.
class AtomicFile {
 public:
  // Creates the temporary file, beside the target or in another folder of the same file system. Throws
  // Error{kIo}.
  explicit AtomicFile(std::filesystem::path target, Durability durability = Durability::kSynced,
                      const std::filesystem::path& temporary_folder = {});
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  // Appends. Throws Error{kIo}, for example on a full disk.
  void write(ByteSpan bytes);
  void write(std::string_view text) { write(as_bytes(text)); }

  // Makes the content visible, and durable as asked for. Throws Error{kIo}; the target is then untouched.
  void commit();

 private:
  std::filesystem::path target_;
  Durability durability_;
  std::filesystem::path temporary_;
  int descriptor_;
};

void write_file_atomically(const std::filesystem::path& target, ByteSpan bytes);
void write_file_atomically(const std::filesystem::path& target, std::string_view text);

}  // namespace winnow
