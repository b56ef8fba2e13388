// What people upload, read entry by entry into memory. Nothing is ever unpacked to a disk, so that no archive
// can write anywhere; what tries to is refused all the same, because others may unpack it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "winnow/core/bytes.hpp"
#include "winnow/core/error.hpp"

namespace winnow::jobs {

struct UploadLimits {
  std::uint64_t max_entries = 10'000;             // of any kind, folders and hidden files too
  std::uint64_t max_entry_bytes = 50'000'000;     // of one picture, unpacked
  std::uint64_t max_total_bytes = 2'000'000'000;  // of all entries, unpacked
  std::uint64_t max_ratio = 200;                  // unpacked to packed bytes, from 10 MB unpacked on
  std::size_t max_name_bytes = 1'000;             // of a name with its folders
};

struct UploadEntry {
  std::string name;  // printable, at most 203 bytes: to be shown, not to be a path; need not be unique
  Bytes bytes;       // of a file that begins like a picture that image::decode() reads
  // Set instead of bytes where the entry is no such picture: code "not_a_picture", and what it is.
  std::optional<Failure> failure;
};

// A zip, tar or gzipped tar, or a single picture, told from its content. Of zip, stored and deflated entries.
// An archive in an archive is an entry that is no picture. Folders, hidden files, __MACOSX and the like are
// passed over. Of one thread at a time. Memory: two of the largest entry at most, and 400 bytes for each
// entry of a zip.
class UploadReader {
 public:
  // name is what the sender called the file; it names a single picture. Throws Error{kNotFound | kIo}.
  UploadReader(const std::filesystem::path& path, const std::string& name, const UploadLimits& limits = {});
  ~UploadReader();
  UploadReader(UploadReader&&) noexcept;
  UploadReader& operator=(UploadReader&&) = delete;

  // The next entry, nothing at the end, or why the whole upload is refused, and then always so. Codes:
  // "empty", "not_an_archive", "unsupported_archive", "truncated", "corrupt", "encrypted", "unsafe_name",
  // "name_too_long", "link", "special_file", "too_many_entries", "entry_too_large", "total_too_large",
  // "ratio_too_high". Throws Error{kIo}.
  [[nodiscard]] Result<std::optional<UploadEntry>> next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace winnow::jobs
