// Which pictures show the same thing: by their bytes, by perceptual hash, by what a network sees in them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "winnow/core/context.hpp"
#include "winnow/dataset/dataset.hpp"
#include "winnow/dataset/fingerprint.hpp"
#include "winnow/stats/matrix.hpp"

namespace winnow::dataset {

struct DuplicateOptions {
  // Differing bits of 64 (look_distance). Recompressed, resized and brightened copies lie within 6; of half a
  // million pairs of different photographs the nearest were 8 apart.
  int same_picture_bits = 6;  // near duplicates: one is enough
  int related_bits = 10;      // must not be torn apart by a split
  // Cosine of embeddings: finds crops, borders and greyed copies, where the hash sees another picture. Of
  // 977,901 pairs of different photographs one reached 0.88 and two 0.85.
  float same_picture_cosine = 0.90F;
  float related_cosine = 0.85F;
};

// The pictures to compare. Each has a fingerprint; embeddings may be left out, or have one row of length 1
// for each: [fingerprints, width].
struct Pictures {
  std::span<const Fingerprint* const> fingerprints;
  const stats::Matrix* embeddings = nullptr;
};

struct DuplicateGroups {
  // For each picture the number of its group, numbered from 0 by first appearance. Two that are alike are in
  // one group, and so are those tied by a chain of such pairs.
  std::vector<int> same;     // show the same picture
  std::vector<int> related;  // the same, and those too much alike to stand on two sides of a split
  // As given, or with higher cosines: where more than a fifth of the pictures has a related one by embedding
  // alone, or one group takes more than a twentieth of the set, the set has little variety and a cosine of
  // 0.85 says nothing. It then takes a quarter of the median distance to the nearest other picture. Or with
  // fewer bits: where one group by hash takes more than a twentieth of the set and 100 pictures, as among
  // digits or silhouettes, only as many as count as the same picture, or none if that does not help.
  DuplicateOptions used;
};

// Takes memory for the pictures, not for the pairs. Warns when it raises the cosines or lowers the bits. The
// same pictures give the same groups for any number of threads. Throws Error{kCancelled}.
[[nodiscard]] DuplicateGroups find_duplicates(const Pictures& pictures, const DuplicateOptions& options,
                                              const Context& context);

// How many related pairs of the chosen pictures stand on different sides. chosen: which pictures; splits: the
// side of each of these.
[[nodiscard]] std::size_t count_separated(const Pictures& pictures, std::span<const std::size_t> chosen,
                                          std::span<const Split> splits, const DuplicateOptions& options,
                                          const Context& context);

}  // namespace winnow::dataset
