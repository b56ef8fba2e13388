#pragma once

#include <zlib.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "winnow/core/bytes.hpp"
#include "winnow/core/error.hpp"
#include "winnow/jobs/upload_reader.hpp"

namespace winnow::jobs {

// An uploaded file, closed at the end.
class UploadFile {
 public:
  // Throws Error{kNotFound | kIo}.
  explicit UploadFile(const std::filesystem::path& path);
  ~UploadFile();
  UploadFile(const UploadFile&) = delete;
  UploadFile& operator=(const UploadFile&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Up to `size` bytes from `offset`; fewer only at the end. Throws Error{kIo}.
  [[nodiscard]] std::size_t read(std::uint64_t offset, std::span<std::uint8_t> out) const;

 private:
  const std::string path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

// Unpacked bytes against packed ones. Nothing, or why it is too much.
[[nodiscard]] std::optional<Failure> too_much(std::uint64_t unpacked, std::uint64_t packed,
                                              const UploadLimits& limits);

// The bytes of a tar archive, unpacked if it is gzipped, to be pulled block by block. Unpacking happens here
// and not in libarchive, so that every byte that libarchive takes is counted: in the headers of a tar archive
// it keeps lists (of the holes in a sparse file) that a few kilobytes of gzip can make gigabytes of.
class UploadSource {
 public:
  UploadSource(const UploadFile& file, const UploadLimits& limits);
  ~UploadSource();
  UploadSource(const UploadSource&) = delete;
  UploadSource& operator=(const UploadSource&) = delete;

  // How many bytes may be pulled until the next call of this; beyond, read() fails.
  void allow(std::uint64_t bytes) { allowed_ = bytes; }
  // The next block, empty at the end; valid until the next call. Throws Error{kIo}.
  [[nodiscard]] Result<ByteSpan> read();
  // Why read() failed, if it did.
  [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }
  // Whether the last block that was read ends in zeros, as a tar archive does that is whole.
  [[nodiscard]] bool ends_in_zeros() const { return ends_in_zeros_; }

 private:
  Result<std::size_t> unpack();
  Failure fail(Failure failure);

  static constexpr std::size_t kBlock = 65'536;

  const UploadFile& file_;
  const UploadLimits limits_;
  std::uint64_t offset_ = 0;
  std::uint64_t unpacked_ = 0;
  std::uint64_t allowed_ = 0;
  std::array<std::uint8_t, kBlock> packed_{};
  std::array<std::uint8_t, kBlock> block_{};
  z_stream stream_{};
  bool gzipped_ = false;
  bool member_open_ = false;  // of gzip: its end has not been seen
  bool ends_in_zeros_ = false;
  std::optional<Failure> failure_;
};

}  // namespace winnow::jobs
