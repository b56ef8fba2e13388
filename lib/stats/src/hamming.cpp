#include "winnow/stats/hamming.hpp"

#include <algorithm>
#include <bit>

// Chosen by the loader, as in dot.cpp; the first has an instruction that counts the bits of eight words.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define WINNOW_VECTORISED \
  __attribute__((target_clones("arch=icelake-server", "arch=x86-64-v3", "popcnt", "default")))
#else
#define WINNOW_VECTORISED
#endif

namespace winnow::stats {
namespace {

WINNOW_VECTORISED void add_differing(std::uint64_t query, const std::uint64_t* words, std::size_t count,
                                     std::uint64_t* differing) {
  for (std::size_t j = 0; j < count; ++j) {
    differing[j] += static_cast<std::uint64_t>(std::popcount(query ^ words[j]));
  }
}

WINNOW_VECTORISED std::uint64_t lower(std::uint64_t query, const std::uint64_t* words, std::size_t count,
                                      std::uint64_t* least) {
  std::uint64_t lowest = 64;
  for (std::size_t j = 0; j < count; ++j) {
    least[j] = std::min(least[j], static_cast<std::uint64_t>(std::popcount(query ^ words[j])));
    lowest = std::min(lowest, least[j]);
  }
  return lowest;
}

}  // namespace

void count_differing_bits(std::span<const std::uint64_t> query, const std::uint64_t* words,
                          std::size_t stride, std::span<std::uint64_t> differing) {
  for (std::uint64_t& count : differing) count = 0;
  for (std::size_t w = 0; w < query.size(); ++w) {
    add_differing(query[w], words + w * stride, differing.size(), differing.data());
  }
}

std::uint64_t lower_to_differing_bits(std::uint64_t query, const std::uint64_t* words,
                                      std::span<std::uint64_t> least) {
  return lower(query, words, least.size(), least.data());
}

}  // namespace winnow::stats
