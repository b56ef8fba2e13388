#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "winnow/core/context.hpp"
#include "winnow/scraping/image_set.hpp"

namespace winnow::scraping {

struct MergeOptions {
  bool dedupe_across_labels = true;
  int same_picture_bits = 6;  // as CollectOptions
};

struct MergeReport {
  std::uint64_t added = 0;       // pictures
  std::uint64_t duplicates = 0;  // pictures that the set had, of this or an earlier part
  std::vector<std::string>
      unusable;  // files that a part's manifest names and that are not there or not whole
};

// Adds the pictures of other image sets, such as parts that several machines have fetched, with their rows. A
// picture that the set has already becomes a row that says so. The parts are not changed; merging them again
// adds nothing. Throws as read_manifest(), Error{kIo}, and Error{kCancelled} with what has been added so far
// in place.
MergeReport merge_sets(ImageSetWriter& set, const std::vector<std::filesystem::path>& parts,
                       const MergeOptions& options, const Context& context);

}  // namespace winnow::scraping
