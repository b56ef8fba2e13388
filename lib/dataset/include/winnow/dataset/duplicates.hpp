// Which pictures show the same thing.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "winnow/core/context.hpp"
#include "winnow/dataset/dataset.hpp"
#include "winnow/dataset/fingerprint.hpp"

namespace winnow::dataset {

struct DuplicateOptions {
  // Differing bits of 64. Recompressed, resized and brightened copies lie within 6; of half a million pairs
  // of different photographs the nearest were 8 apart.
  int same_picture_bits = 6;  // near duplicates: one is enough
  int related_bits = 10;      // must not be torn apart by a split
};

// Groups of pictures that look alike: two whose hashes differ in at most `bits` bits are in one group, and so
// are those tied by a chain of such pairs. For each picture the number of its group, numbered from 0 by first
// appearance. fingerprints: those of decodable samples. Takes memory for the pictures, not for the pairs.
// Throws Error{kCancelled}.
[[nodiscard]] std::vector<int> group_by_look(std::span<const Fingerprint* const> fingerprints, int bits,
                                             const Context& context);

// How many pairs within `bits` bits stand on different sides. splits: that of each picture.
[[nodiscard]] std::size_t count_separated(std::span<const Fingerprint* const> fingerprints,
                                          std::span<const Split> splits, int bits, const Context& context);

}  // namespace winnow::dataset
