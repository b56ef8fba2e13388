#include "winnow/core/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>
#include <vector>

namespace winnow {
namespace {

constexpr int kDraws = 100'000;

// The first values of SplitMix64 from seed 0, as its authors' program prints them.
TEST(MixBits, IsTheFinaliserOfSplitMix) {
  EXPECT_EQ(mix_bits(0), 0xe220a8397b1dcdafu);
  EXPECT_EQ(mix_bits(0x9e3779b97f4a7c15u), 0x6e789e6aa1b965f4u);
  EXPECT_EQ(mix_bits(2 * 0x9e3779b97f4a7c15u), 0x06c45d188009454fu);
}

TEST(CounterRandom, DependsOnWhatItIsForAndNothingElse) {
  CounterRandom first(1, 2, 3);
  CounterRandom other(9);
  other.next();
  CounterRandom second(1, 2, 3);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(first.next(), second.next());
}

TEST(CounterRandom, DiffersForEveryPurpose) {
  std::set<std::uint64_t> values;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (std::uint64_t epoch = 0; epoch < 20; ++epoch) {
      for (std::uint64_t sample = 0; sample < 20; ++sample)
        values.insert(CounterRandom(seed, epoch, sample).next());
    }
  }
  EXPECT_EQ(values.size(), 8000u);
}

TEST(CounterRandom, TellsTheOrderOfItsKeys) {
  EXPECT_NE(CounterRandom(1, 2, 3).next(), CounterRandom(1, 3, 2).next());
}

TEST(CounterRandom, IsUniformBetweenZeroAndOne) {
  CounterRandom random(1);
  std::array<int, 16> bins{};
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = random.uniform();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    ++bins[static_cast<std::size_t>(value * 16)];
    sum += value;
    squares += value * value;
  }
  const double mean = sum / kDraws;
  EXPECT_NEAR(mean, 0.5, 0.005);
  EXPECT_NEAR(squares / kDraws - mean * mean, 1.0 / 12, 0.002);
  double chi_square = 0;
  for (const int count : bins) chi_square += std::pow(count - kDraws / 16.0, 2) / (kDraws / 16.0);
  EXPECT_LT(chi_square, 40);  // 15 degrees of freedom: one seed in 2,000 lies above
}

// Neighbouring samples take neighbouring keys; what they draw first must not be alike.
TEST(CounterRandom, IsUnrelatedForNeighbours) {
  double product = 0;
  for (int i = 0; i < kDraws; ++i) {
    product += (CounterRandom(1, i).uniform() - 0.5) * (CounterRandom(1, i + 1).uniform() - 0.5);
  }
  EXPECT_NEAR(product / kDraws * 12, 0, 0.02);
}

TEST(CounterRandom, StretchesToARange) {
  CounterRandom random(2);
  double low = 10;
  double high = -10;
  for (int i = 0; i < kDraws; ++i) {
    const double value = random.uniform(-3, 5);
    low = std::min(low, value);
    high = std::max(high, value);
  }
  EXPECT_GE(low, -3);
  EXPECT_LT(high, 5);
  EXPECT_NEAR(low, -3, 0.01);
  EXPECT_NEAR(high, 5, 0.01);
}

TEST(CounterRandom, DrawsEveryNumberBelowABoundEquallyOften) {
  CounterRandom random(3);
  std::vector<int> counts(7);
  for (int i = 0; i < kDraws; ++i) {
    const std::uint64_t value = random.below(7);
    ASSERT_LT(value, 7u);
    ++counts[value];
  }
  for (const int count : counts) EXPECT_NEAR(count, kDraws / 7.0, 500);
  EXPECT_EQ(random.below(1), 0u);
}

TEST(CounterRandom, CoversLargeBounds) {
  CounterRandom random(4);
  std::uint64_t largest = 0;
  for (int i = 0; i < 1000; ++i) largest = std::max(largest, random.below(1ull << 63));
  EXPECT_GT(largest, 1ull << 62);
  EXPECT_LT(largest, 1ull << 63);
}

}  // namespace
}  // namespace winnow
