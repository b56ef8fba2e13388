#pragma once

#include <cstdint>
#include <filesystem>

#include "winnow/core/bytes.hpp"
#include "winnow/core/error.hpp"

namespace winnow::scraping {

// A picture that is on the disk already: a file, or a part of one.
struct LocalFile {
  std::filesystem::path path;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

// Reads it whole. Failure codes: "too_large", "unreadable" (gone, shortened, not allowed). Thread-safe.
[[nodiscard]] Result<Bytes> read_local_file(const LocalFile& file, std::uint64_t max_bytes);

}  // namespace winnow::scraping
