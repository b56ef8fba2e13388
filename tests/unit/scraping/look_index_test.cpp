#include "look_index.hpp"

#include <gtest/gtest.h>

#include "winnow/core/random.hpp"

namespace winnow::scraping {
namespace {

constexpr auto kAny = [](std::uint32_t) { return true; };

std::uint64_t random_hash(std::uint64_t i) {
  return mix_bits(mix_bits(i + 1));
}

// With `count` different bits turned over.
std::uint64_t flipped(std::uint64_t hash, int count, std::uint64_t seed) {
  std::uint64_t flips = 0;
  for (std::uint64_t i = 0; std::popcount(flips) < count; ++i)
    flips |= std::uint64_t{1} << (mix_bits(seed * 1000 + i) % 64);
  return hash ^ flips;
}

TEST(LookIndex, FindsWhatDiffersInFewBitsWhereverTheyAre) {
  LookIndex index(6);
  index.add(random_hash(1), 7);
  const std::uint64_t far = ~random_hash(1);
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    for (const int bits : {0, 1, 5, 6}) {
      EXPECT_EQ(index.find({flipped(random_hash(1), bits, seed), far}, kAny), 7u);
      EXPECT_EQ(index.find({far, flipped(random_hash(1), bits, seed)}, kAny), 7u);  // mirrored
    }
    EXPECT_EQ(index.find({flipped(random_hash(1), 7, seed), far}, kAny), std::nullopt);
  }
}

TEST(LookIndex, HoldsToItsBits) {
  LookIndex exact(0);
  exact.add(5, 1);
  EXPECT_EQ(exact.find({5, ~5ull}, kAny), 1u);
  EXPECT_EQ(exact.find({4, ~5ull}, kAny), std::nullopt);
  LookIndex off(-1);
  off.add(5, 1);
  EXPECT_EQ(off.find({5, 5}, kAny), std::nullopt);
  EXPECT_EQ(LookIndex(6).find({5, 5}, kAny), std::nullopt);
}

TEST(LookIndex, GivesTheFirstThatIsAccepted) {
  LookIndex index(6);
  for (std::uint32_t number = 0; number < 5; ++number) index.add(number, number);  // all within three bits
  EXPECT_EQ(index.find({0, ~0ull}, kAny), 0u);
  EXPECT_EQ(index.find({0, ~0ull}, [](std::uint32_t number) { return number > 2; }), 3u);
  EXPECT_EQ(index.find({0, ~0ull}, [](std::uint32_t) { return false; }), std::nullopt);
}

// Comparing every pair would take minutes.
TEST(LookIndex, AHundredThousandPicturesAreNoBurden) {
  constexpr std::uint32_t kPictures = 100'000;
  LookIndex index(6);
  std::uint32_t found = 0;
  for (std::uint32_t i = 0; i < kPictures; ++i) {
    found += index.find({random_hash(i), random_hash(i + kPictures)}, kAny) ? 1 : 0;
    index.add(random_hash(i), i);
  }
  EXPECT_EQ(found, 0u);
  for (std::uint32_t i = 0; i < kPictures; i += 1000) {
    EXPECT_EQ(index.find({flipped(random_hash(i), 6, i), 0}, kAny), i);
  }
}

}  // namespace
}  // namespace winnow::scraping
