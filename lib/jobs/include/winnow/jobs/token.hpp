// Secrets that a server hands out and knows again: sessions, keys, links in mail. Each has 256 random bits,
// so that a plain SHA-256 is all that is kept of it. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace winnow::jobs {

enum class TokenKind {
  kSession,       // "wns_": in the cookie
  kApiKey,        // "wnk_": shown once to the user, for programs
  kConfirmation,  // "wnc_": in the mail that confirms an address or resets a password
};

struct Token {
  std::string text;  // what the user gets: its kind, and 43 characters of base64url
  std::string hash;  // what is kept
};

// Throws Error{kIo} if the system gives no random numbers.
[[nodiscard]] Token make_token(TokenKind kind);

// The hash to look up what somebody presents as a token of this kind. Nothing if it cannot be one: of another
// kind or length, or with other characters, and so never worth a look into the database.
[[nodiscard]] std::optional<std::string> token_hash(TokenKind kind, std::string_view presented);

// Whether two hashes or tokens are the same, in a time that does not tell where they differ.
[[nodiscard]] bool same_token(std::string_view a, std::string_view b);

// What the forms of a session carry, so that other sites cannot send them in its name: an HMAC by the
// session's token, which only its user's browser has. Nothing has to be kept.
[[nodiscard]] std::string csrf_token(std::string_view session_token);
[[nodiscard]] bool csrf_token_matches(std::string_view session_token, std::string_view presented);

}  // namespace winnow::jobs
