// Embeddings that have been computed before, by the content of the picture: one forward pass per image, ever.
// docs/formats/embedding-cache.md describes the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "winnow/core/bytes.hpp"

namespace winnow::embedding {

// One file for each network and preprocessing, memory-mapped, in half precision, that only grows. Safe
// against a crash (a torn or damaged record is as good as none) and against other processes that add to it at
// the same time. find() is thread-safe.
class EmbeddingCache {
 public:
  // key: whatever makes embeddings differ, the network and the preprocessing. Makes folder and file if they
  // are not there. Throws Error{kIo} if they cannot be read or made, and Error{kInvalid} if the file is
  // something else.
  EmbeddingCache(const std::filesystem::path& folder, std::string_view key, std::size_t width);
  ~EmbeddingCache();
  EmbeddingCache(const EmbeddingCache&) = delete;
  EmbeddingCache& operator=(const EmbeddingCache&) = delete;

  // sha256: of the picture's bytes, 64 hexadecimal digits. values: [width], filled if it is known.
  [[nodiscard]] bool find(std::string_view sha256, std::span<float> values) const;

  // Remembers an embedding until flush() has written it; find() does not see it before the file is opened
  // again.
  void add(std::string_view sha256, std::span<const float> values);

  // Appends what has been added. Throws Error{kIo}, for example on a full disk; the cache then holds what it
  // held.
  void flush();

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  [[nodiscard]] std::size_t size() const { return places_.size(); }  // embeddings when it was opened

 private:
  void check_or_write_header();
  void map();
  [[nodiscard]] std::size_t record_bytes() const;

  std::filesystem::path file_;
  std::string header_;
  std::size_t width_;
  int descriptor_ = -1;
  const std::uint8_t* mapped_ = nullptr;
  std::size_t mapped_bytes_ = 0;
  std::unordered_map<std::uint64_t, std::size_t> places_;  // the beginning of a picture's hash -> its record
  Bytes pending_;
};

// A value as it comes back from the cache, so that results do not depend on what was known before.
[[nodiscard]] float round_as_cached(float value);

}  // namespace winnow::embedding
