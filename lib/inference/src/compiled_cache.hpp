#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "winnow/core/bytes.hpp"

namespace winnow::inference {

// A folder of files that are quicker to read than to make again. Each is whole or not there for a reader: it
// stands behind the SHA-256 of its bytes. Nothing that goes wrong with it is an error. Thread-safe, also
// between processes.
class CompiledCache {
 public:
  static constexpr std::uintmax_t kMaxBytes = 500'000'000;  // the least recently used files go first

  // An empty path makes a cache that holds nothing.
  explicit CompiledCache(std::filesystem::path folder, std::uintmax_t max_bytes = kMaxBytes);

  // key: what the bytes were made of, any text.
  [[nodiscard]] std::optional<Bytes> find(const std::string& key) const;
  void keep(const std::string& key, ByteSpan bytes) const;

 private:
  [[nodiscard]] std::filesystem::path file_of(const std::string& key) const;
  void make_room(std::uintmax_t bytes) const;

  const std::filesystem::path folder_;
  const std::uintmax_t max_bytes_;
};

}  // namespace winnow::inference
