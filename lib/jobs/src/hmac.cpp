#include "hmac.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "winnow/core/error.hpp"

namespace winnow::jobs {

std::array<std::uint8_t, 32> hmac_sha256(std::string_view key, std::string_view text) {
  std::array<std::uint8_t, 32> code{};
  const ByteSpan bytes = as_bytes(text);
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes.data(), bytes.size(), code.data(),
           nullptr) == nullptr) {
    throw Error(ErrorKind::kUnsupported, "", "OpenSSL offers no HMAC with SHA-256 here");
  }
  return code;
}

bool same_secret(ByteSpan a, ByteSpan b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace winnow::jobs
