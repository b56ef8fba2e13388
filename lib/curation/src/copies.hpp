#pragma once

#include <vector>

#include "draft.hpp"

namespace winnow::curation {

// Rejects files of which the same bytes stand three times or more, under two labels at least: "image not
// found" pictures and the like. Labels are those of the folders.
void reject_placeholders(const dataset::Dataset& tree, Draft& draft);

// Rejects all but the best picture of each group of copies, and all of a group whose labels disagree. Where a
// person has decided to keep some of a group, these are kept and the others are copies of them.
// group_of: [sound]. Returns the groups of two or more, conflicts and then the largest first.
[[nodiscard]] std::vector<DuplicateGroup> settle_copies(const std::vector<int>& group_of, Draft& draft);

}  // namespace winnow::curation
