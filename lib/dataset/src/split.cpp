#include "winnow/dataset/split.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "winnow/core/bytes.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/hash.hpp"

namespace winnow::dataset {
namespace {

// Where two splits need a group equally, the earlier one gets it.
constexpr std::array kSplits = {Split::kTrain, Split::kTest, Split::kValidation};

struct Group {
  int number;
  std::string order;             // a hash of seed and content: as good as shuffled, the same on every run
  std::map<int, double> counts;  // by label
  double size = 0;
};

std::vector<Group> collect_groups(const std::vector<SplitItem>& items, std::uint64_t seed) {
  std::map<int, std::vector<const SplitItem*>> members;
  for (const SplitItem& item : items) members[item.group].push_back(&item);
  std::vector<Group> groups;
  for (const auto& [number, samples] : members) {
    Group group{number, {}, {}};
    std::string key =
        (*std::min_element(samples.begin(), samples.end(), [](const SplitItem* a, const SplitItem* b) {
          return a->key < b->key;
        }))->key;
    group.order = sha256_hex(as_bytes(std::to_string(seed) + "/" + key));
    for (const SplitItem* item : samples) ++group.counts[item->label];
    group.size = static_cast<double>(samples.size());
    groups.push_back(std::move(group));
  }
  // Large groups first: they are the hardest to place.
  std::sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    return a.size != b.size ? a.size > b.size : a.order < b.order;
  });
  return groups;
}

}  // namespace

std::vector<Split> assign_splits(const std::vector<SplitItem>& items, const SplitOptions& options) {
  if (!(options.validation >= 0) || !(options.test >= 0) || !(options.validation + options.test < 1)) {
    throw Error(ErrorKind::kUsage, "",
                "the fractions for validation and test must leave something to train on");
  }
  const std::array<double, 3> fractions = {1 - options.validation - options.test, options.test,
                                           options.validation};
  std::map<int, double> class_size;
  for (const SplitItem& item : items) ++class_size[item.label];

  // Greedy: each group goes where it brings the class counts closest to their targets.
  std::array<std::map<int, double>, 3> filled;
  std::map<int, Split> split_of_group;
  for (const Group& group : collect_groups(items, options.seed)) {
    std::size_t best = 0;
    double best_cost = std::numeric_limits<double>::infinity();
    for (std::size_t s = 0; s < kSplits.size(); ++s) {
      if (fractions[s] <= 0) continue;
      double cost = 0;
      for (const auto& [label, count] : group.counts) {
        const double target = fractions[s] * class_size[label];
        const double before = filled[s][label] - target;
        const double after = before + count;
        cost += (after * after - before * before) / target;
      }
      if (cost < best_cost - 1e-9) {
        best = s;
        best_cost = cost;
      }
    }
    for (const auto& [label, count] : group.counts) filled[best][label] += count;
    split_of_group[group.number] = kSplits[best];
  }

  std::vector<Split> splits;
  splits.reserve(items.size());
  for (const SplitItem& item : items) splits.push_back(split_of_group.at(item.group));
  return splits;
}

}  // namespace winnow::dataset
