#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "winnow/core/json.hpp"

namespace winnow::serving {

// Sums that cost a browser some time and the server none, in the first form of ALTCHA (https://altcha.org),
// whose widget can solve them too: find the number n for which SHA-256(salt, n) is the challenge. The server
// keeps no sum, only which ones have been used. Thread-safe.
class ProofOfWork {
 public:
  using Clock = std::chrono::system_clock;
  enum class Verdict { kGood, kWrong, kExpired, kUsed, kFull };

  // most: hashes to try. secret: signs them, so that who has the same takes them too, though each once;
  // empty: a random one. most_used: how many used sums are kept until they expire; when full no sum is taken.
  ProofOfWork(std::uint64_t most, std::chrono::seconds lifetime, std::string secret = "",
              std::size_t most_used = 100'000);

  // {"algorithm", "challenge", "maxnumber", "salt", "signature"}
  [[nodiscard]] Json challenge(Clock::time_point now = Clock::now()) const;

  // answer: base64 of {"algorithm", "challenge", "number", "salt", "signature"}. A good one is good once.
  [[nodiscard]] Verdict check(std::string_view answer, Clock::time_point now = Clock::now());

  [[nodiscard]] std::size_t used() const;

 private:
  using Used = std::pair<std::int64_t, std::string>;  // when it expires, its signature
  [[nodiscard]] std::string sign(std::string_view challenge) const;

  const std::uint64_t most_;
  const std::chrono::seconds lifetime_;
  const std::size_t most_used_;
  std::string secret_;
  mutable std::mutex mutex_;
  std::set<Used> used_;
};

// What the file holds but for white space at its ends. Throws Error{kNotFound | kInvalid}: no such file, or
// less than 32 characters, which somebody could guess.
[[nodiscard]] std::string read_work_secret(const std::filesystem::path& file);

}  // namespace winnow::serving
