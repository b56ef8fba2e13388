#include "winnow/stats/hamming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <vector>

#include "winnow/core/random.hpp"

namespace winnow::stats {
namespace {

using testing::ElementsAre;

TEST(CountDifferingBits, CountsOverAllWords) {
  const std::uint64_t query[] = {0b1011, ~0ull};
  const std::uint64_t words[] = {0b1011, 0, 0b0100, ~0ull, 0, 1};  // three items of two words
  std::vector<std::uint64_t> differing(3, 99);
  count_differing_bits(query, words, 3, differing);
  EXPECT_THAT(differing, ElementsAre(0, 3 + 64, 4 + 63));
}

TEST(CountDifferingBits, GivesTheSameAsOneByOneForEveryLength) {
  for (std::size_t count = 0; count < 70; ++count) {
    std::vector<std::uint64_t> words;
    for (std::size_t i = 0; i < 3 * count; ++i) words.push_back(mix_bits(i));
    const std::uint64_t query[] = {mix_bits(1000), mix_bits(1001), mix_bits(1002)};
    std::vector<std::uint64_t> differing(count);
    count_differing_bits(query, words.data(), count, differing);
    for (std::size_t j = 0; j < count; ++j) {
      int expected = 0;
      for (std::size_t w = 0; w < 3; ++w) expected += std::popcount(query[w] ^ words[w * count + j]);
      ASSERT_EQ(differing[j], static_cast<std::uint64_t>(expected)) << count << ", " << j;
    }
  }
}

TEST(CountDifferingBits, AnEmptyQueryDiffersInNothing) {
  const std::uint64_t words[] = {1, 2};
  std::vector<std::uint64_t> differing(2, 7);
  count_differing_bits({}, words, 2, differing);
  EXPECT_THAT(differing, ElementsAre(0, 0));
}

TEST(LowerToDifferingBits, KeepsTheLesserAndTellsTheLowest) {
  for (std::size_t count = 1; count < 70; ++count) {
    std::vector<std::uint64_t> words;
    std::vector<std::uint64_t> least;
    std::vector<std::uint64_t> expected;
    for (std::size_t i = 0; i < count; ++i) {
      words.push_back(mix_bits(i));
      least.push_back(20 + i);
      expected.push_back(
          std::min<std::uint64_t>(20 + i, static_cast<unsigned>(std::popcount(words[i] ^ 77))));
    }
    const std::uint64_t lowest = lower_to_differing_bits(77, words.data(), least);
    ASSERT_EQ(least, expected) << count;
    ASSERT_EQ(lowest, *std::min_element(expected.begin(), expected.end())) << count;
  }
  EXPECT_EQ(lower_to_differing_bits(77, nullptr, {}), 64u);
}

}  // namespace
}  // namespace winnow::stats
