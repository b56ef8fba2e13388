#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <stop_token>
#include <string>

#include "winnow/core/bytes.hpp"
#include "winnow/core/error.hpp"

namespace winnow {

// Reads a whole regular file, or fails with code "missing", "unreadable" or "too_large".
[[nodiscard]] Result<Bytes> try_read_file(
    const std::filesystem::path& path, std::uint64_t max_bytes = std::numeric_limits<std::uint64_t>::max());

// Reads a part of a regular file: `size` bytes from `offset`, which the caller has bounded. Fails with code
// "missing" or "unreadable", the latter also if the file is shorter. Thread-safe.
[[nodiscard]] Result<Bytes> try_read_part(const std::filesystem::path& path, std::uint64_t offset,
                                          std::uint64_t size);

// The same as try_read_file() for files a run cannot do without. Throws Error{kNotFound | kIo | kInvalid}.
[[nodiscard]] Bytes read_file(const std::filesystem::path& path,
                              std::uint64_t max_bytes = std::numeric_limits<std::uint64_t>::max());

// Reads a pipe or terminal to its end. name is what errors call it. Throws Error{kIo}, Error{kInvalid} beyond
// max_bytes, and Error{kCancelled} also while nothing arrives.
[[nodiscard]] Bytes read_stream(int descriptor, const std::string& name, std::uint64_t max_bytes,
                                const std::stop_token& stop);

// Writes every byte, at the descriptor's position or at `offset`, however often the system takes only a part
// or a signal comes between. Returns 0, or the errno of what went wrong; part may have been written then.
[[nodiscard]] int write_all(int descriptor, ByteSpan bytes, std::optional<std::uint64_t> offset = {});

// mkdir -p. Throws Error{kIo}.
void create_directories(const std::filesystem::path& path);

}  // namespace winnow
