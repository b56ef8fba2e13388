#pragma once

#include <fmt/format.h>
#include <openssl/hmac.h>

#include <array>
#include <string>

namespace winnow::portal {

// What a payment provider signs with: HMAC-SHA256, in hexadecimal digits.
inline std::string hmac_of(const std::string& key, const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  std::string digits;
  for (unsigned i = 0; i < size; ++i) digits += fmt::format("{:02x}", digest[i]);
  return digits;
}

}  // namespace winnow::portal
