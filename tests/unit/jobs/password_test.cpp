#include "winnow/jobs/password.hpp"

#include <gtest/gtest.h>
#include <sodium.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "winnow/core/error.hpp"

namespace winnow::jobs {
namespace {

TEST(Password, IsKnownAgainAndNoOther) {
  PasswordHasher hasher;
  const std::string kept = hasher.hash("correct horse");
  EXPECT_TRUE(kept.starts_with("$argon2id$v=19$m=65536,t=2,p=1$")) << kept;
  EXPECT_LT(kept.size(), 128U);
  EXPECT_EQ(kept.find("horse"), std::string::npos);
  EXPECT_TRUE(hasher.verify("correct horse", kept));
  EXPECT_FALSE(hasher.verify("correct horsf", kept));
  EXPECT_FALSE(hasher.verify("", kept));
  EXPECT_FALSE(hasher.verify("correct horse battery", kept));
  EXPECT_NE(hasher.hash("correct horse"), kept);  // salted
}

TEST(Password, MayHoldAnyBytes) {
  PasswordHasher hasher;
  const std::string with_nul("eight by\0te", 11);
  const std::string kept = hasher.hash(with_nul);
  EXPECT_TRUE(hasher.verify(with_nul, kept));
  EXPECT_FALSE(hasher.verify("eight by", kept));
}

TEST(Password, NobodyIsNeverRight) {
  PasswordHasher hasher;
  EXPECT_FALSE(hasher.verify("", std::nullopt));
  EXPECT_FALSE(hasher.verify("correct horse", std::nullopt));
}

TEST(Password, WhatIsNoHashIsNeverRight) {
  PasswordHasher hasher;
  for (const char* const kept : {"", "$", "correct horse", "$argon2id$", "$argon2id$v=19$m=65536,t=2,p=1$",
                                 "$2b$10$aaaa", "$argon2id$v=19$m=99999999999,t=2,p=1$c2FsdHNhbHQ$aGFzaA"}) {
    EXPECT_FALSE(hasher.verify("correct horse", std::string(kept))) << kept;
    EXPECT_TRUE(PasswordHasher::needs_rehash(kept)) << kept;
  }
}

TEST(Password, OldParametersAskForANewHash) {
  PasswordHasher hasher;
  std::array<char, crypto_pwhash_STRBYTES> weak{};
  ASSERT_EQ(crypto_pwhash_str(weak.data(), "correct horse", 13, crypto_pwhash_OPSLIMIT_MIN, 1 << 20), 0);
  EXPECT_TRUE(hasher.verify("correct horse", std::string(weak.data())));
  EXPECT_TRUE(PasswordHasher::needs_rehash(weak.data()));
  EXPECT_FALSE(PasswordHasher::needs_rehash(hasher.hash("correct horse")));
}

TEST(Password, HasToHaveALength) {
  EXPECT_TRUE(password_objection(""));
  EXPECT_TRUE(password_objection("seven77"));
  EXPECT_FALSE(password_objection("eight888"));
  EXPECT_TRUE(password_objection("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f"));  // 4 characters in 8 bytes
  EXPECT_FALSE(password_objection(std::string(256, 'x')));
  EXPECT_TRUE(password_objection(std::string(257, 'x')));
  PasswordHasher hasher;
  EXPECT_THROW((void)hasher.hash("short"), Error);
  EXPECT_THROW((void)hasher.hash(std::string(100'000'000, 'x')), Error);
  EXPECT_FALSE(hasher.verify(std::string(100'000'000, 'x'), std::nullopt));
}

TEST(Password, ManyAtATimeAllGetTheirAnswer) {
  PasswordHasher hasher;
  const std::string kept = hasher.hash("correct horse");
  std::atomic<int> right = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back(
        [&, i] { right += hasher.verify(i % 2 == 0 ? "correct horse" : "wrong horse", kept) ? 1 : 0; });
  }
  threads.clear();
  EXPECT_EQ(right, 4);
}

}  // namespace
}  // namespace winnow::jobs
