// Differing bits of one hash and many others, for the widest vectors the processor has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace winnow::stats {

// differing[j] becomes the number of bits in which item j differs from the query, a hash of query.size()
// words. Word w of item j stands at words[w * stride + j], so that neighbouring items are compared at once.
void count_differing_bits(std::span<const std::uint64_t> query, const std::uint64_t* words,
                          std::size_t stride, std::span<std::uint64_t> differing);

// Lowers least[j] to the bits in which words[j] differs from the query, where these are fewer. Returns the
// lowest of all, or 64 if there are none.
std::uint64_t lower_to_differing_bits(std::uint64_t query, const std::uint64_t* words,
                                      std::span<std::uint64_t> least);

}  // namespace winnow::stats
