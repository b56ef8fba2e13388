#pragma once

#include <cstdint>
#include <optional>
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
  std::string key;                // identifies the content, for example its hash; paths do not matter
  std::optional<Split> before{};  // where it was in an earlier split, and shall stay
};

// Deals whole groups out to train, validation and test so that every class comes close to its fractions. What
// has a place keeps it, whatever the fractions say now, and what is new fills up what is missing: a set that
// grows keeps its test. Only where two groups with places have become one, the smaller part moves. Apart from
// places it depends on content and seed only, not on the order of the items. A class with too few groups for
// three splits stays in training first, then gets one for test, then for validation; a group too large for a
// side is for training. Throws Error{kUsage} for fractions that are negative or leave nothing to train on.
[[nodiscard]] std::vector<Split> assign_splits(const std::vector<SplitItem>& items,
                                               const SplitOptions& options);

}  // namespace winnow::dataset
