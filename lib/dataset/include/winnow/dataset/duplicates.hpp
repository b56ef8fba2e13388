// Which pictures show the same thing.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "winnow/core/context.hpp"
#include "winnow/dataset/fingerprint.hpp"

namespace winnow::dataset {

struct DuplicateOptions {
  // Differing bits of 64. Recompressed, resized and brightened copies lie within 6; of half a million pairs
  // of different photographs the nearest were 8 apart.
  int same_picture_bits = 6;  // near duplicates: one is enough
  int related_bits = 10;      // must not be torn apart by a split
};

struct DuplicatePair {
  std::size_t first;  // index into the fingerprints; first < second
  std::size_t second;
  int bits;    // perceptual distance
  bool exact;  // the same bytes
};

// All pairs within related_bits, sorted by (first, second). fingerprints: those of decodable samples.
[[nodiscard]] std::vector<DuplicatePair> find_duplicates(std::span<const Fingerprint* const> fingerprints,
                                                         const DuplicateOptions& options,
                                                         const Context& context);

// Connected components: for each of `count` items the number of its group, numbered from 0 by first
// appearance.
[[nodiscard]] std::vector<int> connected_groups(std::size_t count, std::span<const DuplicatePair> pairs);

}  // namespace winnow::dataset
