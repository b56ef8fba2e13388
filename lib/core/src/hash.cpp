#include "winnow/core/hash.hpp"

#include <openssl/evp.h>

#include <array>

#include "winnow/core/error.hpp"

namespace winnow {

std::string sha256_hex(ByteSpan bytes) {
  std::array<std::uint8_t, 32> digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw Error(ErrorKind::kUnsupported, "", "OpenSSL offers no SHA-256 here");
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(64);
  for (const std::uint8_t byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

}  // namespace winnow
