#include "proof_of_work.hpp"

#include <gtest/gtest.h>

#include "solve.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"

namespace winnow::serving {
namespace {

using namespace std::chrono_literals;
using Verdict = ProofOfWork::Verdict;

constexpr std::uint64_t kMost = 100;

TEST(ProofOfWork, TakesAnAnswerOnce) {
  ProofOfWork work(kMost, 300s);
  const Json challenge = work.challenge();
  EXPECT_EQ(challenge.at("algorithm"), "SHA-256");
  EXPECT_EQ(challenge.at("maxnumber"), kMost);
  EXPECT_TRUE(challenge.at("salt").get<std::string>().ends_with("&"));
  const std::string answer = encode(solve(challenge));
  EXPECT_EQ(work.check(answer), Verdict::kGood);
  EXPECT_EQ(work.check(answer), Verdict::kUsed);
  EXPECT_EQ(work.check(encode(solve(work.challenge()))), Verdict::kGood);
  Json with_time = solve(work.challenge());
  with_time["took"] = 12;
  EXPECT_EQ(work.check(encode(with_time)), Verdict::kGood) << "ALTCHA's widget says how long it took";
}

TEST(ProofOfWork, TakesSumsOfWhoHasTheSameSecretOnceEach) {
  const std::string secret(32, 's');
  ProofOfWork one(kMost, 300s, secret);
  ProofOfWork two(kMost, 300s, secret);
  ProofOfWork stranger(kMost, 300s, std::string(32, 't'));
  const std::string answer = encode(solve(one.challenge()));
  EXPECT_EQ(stranger.check(answer), Verdict::kWrong);
  EXPECT_EQ(two.check(answer), Verdict::kGood);
  EXPECT_EQ(two.check(answer), Verdict::kUsed);
  EXPECT_EQ(one.check(answer), Verdict::kGood) << "each knows only what it has taken itself";
}

TEST(ProofOfWork, ReadsItsSecretAndWantsALongOne) {
  const test::TemporaryFolder folder;
  folder.write("secret", "0123456789abcdef0123456789abcdef\n");
  EXPECT_EQ(read_work_secret(folder / "secret"), "0123456789abcdef0123456789abcdef");
  folder.write("short", "0123456789abcdef0123456789abcde\n\n");
  for (const auto& [file, kind] :
       {std::pair("short", ErrorKind::kInvalid), {"nowhere", ErrorKind::kNotFound}}) {
    try {
      (void)read_work_secret(folder / file);
      ADD_FAILURE() << file;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
    }
  }
}

TEST(ProofOfWork, RefusesWhatIsNoAnswer) {
  ProofOfWork work(kMost, 300s);
  const Json good = solve(work.challenge());
  const auto changed = [&](const char* name, const Json& value) {
    Json answer = good;
    answer[name] = value;
    return encode(answer);
  };
  const auto salt = good.at("salt").get<std::string>();
  for (const std::string& answer :
       {std::string(), std::string("%%%"), std::string(3000, 'A'), encode(Json(5)), encode(Json::array()),
        encode(Json::object()), changed("number", good.at("number").get<int>() + 1), changed("number", -1),
        changed("number", 1.5), changed("number", "1"), changed("algorithm", "MD5"),
        changed("algorithm", nullptr), changed("salt", ""), changed("salt", salt.substr(0, salt.size() - 1)),
        changed("salt", salt + "&"), changed("salt", 7), changed("signature", std::string(64, '0')),
        changed("signature", ""), changed("challenge", std::string(64, '0'))}) {
    EXPECT_EQ(work.check(answer), Verdict::kWrong) << answer;
  }
  EXPECT_EQ(work.check(encode(good)), Verdict::kGood) << "none of that used it up";
}

// CVE-2025-68113: digits must not be able to move from the number into the salt's parameters.
TEST(ProofOfWork, LetsNobodyMoveDigitsBetweenSaltAndNumber) {
  ProofOfWork work(100'000, 300s);
  Json answer = solve(work.challenge());
  while (answer.at("number").get<std::uint64_t>() < 10) answer = solve(work.challenge());
  const std::string digits = std::to_string(answer.at("number").get<std::uint64_t>());
  answer["salt"] = answer.at("salt").get<std::string>() + digits[0];
  answer["number"] = std::stoull(digits.substr(1));
  EXPECT_EQ(work.check(encode(answer)), Verdict::kWrong);
}

TEST(ProofOfWork, RefusesSumsOfOthers) {
  ProofOfWork mine(kMost, 300s);
  ProofOfWork other(kMost, 300s);
  EXPECT_EQ(mine.check(encode(solve(other.challenge()))), Verdict::kWrong);
}

TEST(ProofOfWork, ExpiresAndForgetsWhatHasExpired) {
  ProofOfWork work(kMost, 300s);
  const auto now = ProofOfWork::Clock::now();
  const std::string early = encode(solve(work.challenge(now)));
  const std::string late = encode(solve(work.challenge(now)));
  EXPECT_EQ(work.check(early, now + 298s), Verdict::kGood);
  EXPECT_EQ(work.check(late, now + 301s), Verdict::kExpired);
  EXPECT_EQ(work.check(early, now + 301s), Verdict::kExpired);
  EXPECT_EQ(work.check(encode(solve(work.challenge(now + 400s))), now + 400s), Verdict::kGood);
  EXPECT_EQ(work.used(), 1U);
}

TEST(ProofOfWork, KeepsABoundedNumberAndIsClosedWhenFull) {
  ProofOfWork work(kMost, 300s, "", 2);
  EXPECT_EQ(work.check(encode(solve(work.challenge()))), Verdict::kGood);
  EXPECT_EQ(work.check(encode(solve(work.challenge()))), Verdict::kGood);
  EXPECT_EQ(work.check(encode(solve(work.challenge()))), Verdict::kFull);
  EXPECT_EQ(work.used(), 2U);
}

}  // namespace
}  // namespace winnow::serving
