#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "winnow/dataset/dataset.hpp"

namespace winnow::dataset {

struct SplitOptions {
  double validation = 0.15;  // fractions of each class; the rest is for training
  double test = 0.2;
  std::uint64_t seed = 1;
};

struct SplitItem {
  int label;
  int group;
  std::string key;  // identifies the content, for example its hash; paths do not matter
};

// Deals whole groups out to train, validation and test. Where a group goes is decided by a hash of the seed
// and of its least key alone, as if by a die: pictures that are added later move none of those that were
// there. Counts therefore lie about the fractions as chance will have it.
//
// A class that chance treats badly is repaired: each side holds at least half of its fraction, but at least
// one picture and no more than three for the repair's sake; for training first, then (three groups or more)
// for the test, then (four or more) for validation. The groups moved are those whose number lay nearest to
// the side that lacks them. A group of more than three pictures that would be over half of what the test or
// validation should hold of a class goes to training. The limits of the promise: a picture moved so can move
// again when its class has grown; and one whose group takes in a new picture with a lesser key, or merges
// with another group, goes where the group now belongs.
//
// Depends on content and seed only, not on the order of the items.
// Throws Error{kUsage} for fractions that are negative or leave nothing to train on.
[[nodiscard]] std::vector<Split> assign_splits(const std::vector<SplitItem>& items,
                                               const SplitOptions& options);

}  // namespace winnow::dataset
