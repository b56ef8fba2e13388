#include "winnow/jobs/token.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "winnow/core/bytes.hpp"
#include "winnow/core/hash.hpp"

namespace winnow::jobs {
namespace {

TEST(Token, SaysItsKindAndIsNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) {
    const Token token = make_token(TokenKind::kSession);
    EXPECT_TRUE(token.text.starts_with("wns_"));
    EXPECT_EQ(token.text.size(), 47U);
    EXPECT_EQ(token.hash, sha256_hex(as_bytes(token.text)));
    EXPECT_TRUE(seen.insert(token.text).second);
  }
  EXPECT_TRUE(make_token(TokenKind::kApiKey).text.starts_with("wnk_"));
  EXPECT_TRUE(make_token(TokenKind::kConfirmation).text.starts_with("wnc_"));
}

TEST(Token, IsLookedUpByItsHash) {
  const Token token = make_token(TokenKind::kApiKey);
  EXPECT_EQ(token_hash(TokenKind::kApiKey, token.text), token.hash);
}

TEST(Token, WhatCannotBeOneIsNotLookedUp) {
  const std::string text = make_token(TokenKind::kApiKey).text;
  std::string other = text;
  EXPECT_FALSE(token_hash(TokenKind::kSession, text));  // a key is no session
  EXPECT_FALSE(token_hash(TokenKind::kApiKey, ""));
  EXPECT_FALSE(token_hash(TokenKind::kApiKey, "wnk_"));
  EXPECT_FALSE(token_hash(TokenKind::kApiKey, text.substr(0, 46)));
  EXPECT_FALSE(token_hash(TokenKind::kApiKey, text + "A"));
  EXPECT_FALSE(token_hash(TokenKind::kApiKey, " " + text.substr(0, 46)));
  EXPECT_FALSE(token_hash(TokenKind::kApiKey, std::string(10'000'000, 'A')));
  for (const char c : {'=', '+', '/', '\'', '\0', '\n', '\xc3'}) {
    other = text;
    other[20] = c;
    EXPECT_FALSE(token_hash(TokenKind::kApiKey, other));
  }
}

TEST(Token, ComparesWholeTexts) {
  EXPECT_TRUE(same_token("abc", "abc"));
  EXPECT_TRUE(same_token("", ""));
  EXPECT_FALSE(same_token("abc", "abd"));
  EXPECT_FALSE(same_token("abc", "bbc"));
  EXPECT_FALSE(same_token("abc", "ab"));
  EXPECT_FALSE(same_token("abc", ""));
}

TEST(CsrfToken, BelongsToItsSession) {
  const std::string session = make_token(TokenKind::kSession).text;
  const std::string another = make_token(TokenKind::kSession).text;
  const std::string token = csrf_token(session);
  EXPECT_EQ(token.size(), 43U);
  EXPECT_EQ(token, csrf_token(session));
  EXPECT_NE(token, session.substr(4));
  EXPECT_TRUE(csrf_token_matches(session, token));
  EXPECT_FALSE(csrf_token_matches(another, token));
  EXPECT_FALSE(csrf_token_matches(session, ""));
  EXPECT_FALSE(csrf_token_matches(session, session));
  EXPECT_FALSE(csrf_token_matches(session, token + "A"));
}

}  // namespace
}  // namespace winnow::jobs
