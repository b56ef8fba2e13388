#include "winnow/jobs/token.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "hmac.hpp"
#include "winnow/core/base64.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/hash.hpp"

namespace winnow::jobs {
namespace {

constexpr std::size_t kRandomBytes = 32;
constexpr std::size_t kRandomCharacters = 43;

std::string_view prefix(TokenKind kind) {
  switch (kind) {
    case TokenKind::kSession:
      return "wns_";
    case TokenKind::kApiKey:
      return "wnk_";
    case TokenKind::kConfirmation:
      return "wnc_";
  }
  return "";
}

std::string to_base64url(ByteSpan bytes) {
  std::string text = to_base64(bytes);
  std::erase(text, '=');
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

}  // namespace

Token make_token(TokenKind kind) {
  std::array<std::uint8_t, kRandomBytes> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    throw Error(ErrorKind::kIo, "", "the system gives no random numbers");
  }
  Token token{.text = std::string(prefix(kind)) + to_base64url(random)};
  token.hash = sha256_hex(as_bytes(token.text));
  return token;
}

std::optional<std::string> token_hash(TokenKind kind, std::string_view presented) {
  const std::string_view start = prefix(kind);
  if (presented.size() != start.size() + kRandomCharacters || !presented.starts_with(start))
    return std::nullopt;
  const bool plausible = std::ranges::all_of(presented.substr(start.size()), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (!plausible) return std::nullopt;
  return sha256_hex(as_bytes(presented));
}

bool same_token(std::string_view a, std::string_view b) {
  return same_secret(as_bytes(a), as_bytes(b));
}

std::string csrf_token(std::string_view session_token) {
  return to_base64url(hmac_sha256(session_token, "winnow forms"));
}

bool csrf_token_matches(std::string_view session_token, std::string_view presented) {
  return same_token(csrf_token(session_token), presented);
}

}  // namespace winnow::jobs
