#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "winnow/core/bytes.hpp"

namespace winnow {

// FIPS 180-4, as 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256_hex(ByteSpan bytes);

// The same of bytes that come piece by piece. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(ByteSpan bytes);
  // Of all bytes so far; may be asked once.
  [[nodiscard]] std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct FileDigest {
  std::string sha256;
  std::uint64_t bytes = 0;
};

// Reads a regular file to its end without holding it in memory. Throws Error{kNotFound | kIo}.
[[nodiscard]] FileDigest sha256_of_file(const std::filesystem::path& path);

}  // namespace winnow
