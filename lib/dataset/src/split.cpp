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
// A side takes no group that would make it this many times as large as it should be.
constexpr double kTooLarge = 2;

std::size_t index_of(Split split) {
  return static_cast<std::size_t>(std::find(kSplits.begin(), kSplits.end(), split) - kSplits.begin());
}

struct Group {
  int number = 0;
  std::string order;             // a hash of seed and content: as good as shuffled, the same on every run
  std::map<int, double> counts;  // by label
  double size = 0;
  std::optional<Split> before;
};

// Where most of its pictures were, training if as many were elsewhere.
std::optional<Split> majority(const std::vector<const SplitItem*>& items) {
  std::array<std::size_t, kSplits.size()> votes{};
  for (const SplitItem* item : items) {
    if (item->before) ++votes[index_of(*item->before)];
  }
  const auto most = std::max_element(votes.begin(), votes.end());
  if (*most == 0) return std::nullopt;
  return kSplits[static_cast<std::size_t>(most - votes.begin())];
}

std::vector<Group> collect_groups(const std::vector<SplitItem>& items, std::uint64_t seed) {
  std::map<int, std::vector<const SplitItem*>> members;
  for (const SplitItem& item : items) members[item.group].push_back(&item);
  std::vector<Group> groups;
  for (const auto& [number, samples] : members) {
    Group group{.number = number, .size = static_cast<double>(samples.size()), .before = majority(samples)};
    const std::string& key =
        (*std::min_element(samples.begin(), samples.end(), [](const SplitItem* a, const SplitItem* b) {
          return a->key < b->key;
        }))->key;
    group.order = sha256_hex(as_bytes(std::to_string(seed) + "/" + key));
    for (const SplitItem* item : samples) ++group.counts[item->label];
    groups.push_back(std::move(group));
  }
  // Those that have a place first, then large ones: they are the hardest to place.
  std::sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    if (a.before.has_value() != b.before.has_value()) return a.before.has_value();
    return a.size != b.size ? a.size > b.size : a.order < b.order;
  });
  return groups;
}

class Dealer {
 public:
  Dealer(const std::vector<SplitItem>& items, const SplitOptions& options)
      : fractions_{1 - options.validation - options.test, options.test, options.validation} {
    for (const SplitItem& item : items) ++class_size_[item.label];
  }

  // Where the group brings the class counts closest to their targets.
  Split place(const Group& group) {
    const std::size_t side = group.before ? index_of(*group.before) : cheapest(group);
    for (const auto& [label, count] : group.counts) filled_[side][label] += count;
    return kSplits[side];
  }

 private:
  std::size_t cheapest(const Group& group) {
    std::size_t best = 0;
    double best_cost = std::numeric_limits<double>::infinity();
    for (std::size_t side = 0; side < kSplits.size(); ++side) {
      if (fractions_[side] <= 0 || (side != 0 && would_swamp(group, side))) continue;
      double cost = 0;
      for (const auto& [label, count] : group.counts) {
        const double target = fractions_[side] * class_size_[label];
        const double before = filled_[side][label] - target;
        const double after = before + count;
        cost += (after * after - before * before) / target;
      }
      if (cost < best_cost - 1e-9) {
        best = side;
        best_cost = cost;
      }
    }
    return best;
  }

  // A test of mostly one scene tells little.
  bool would_swamp(const Group& group, std::size_t side) {
    return std::any_of(group.counts.begin(), group.counts.end(), [&](const auto& entry) {
      const auto& [label, count] = entry;
      return count > 1 && filled_[side][label] + count > kTooLarge * fractions_[side] * class_size_[label];
    });
  }

  std::array<double, kSplits.size()> fractions_;
  std::map<int, double> class_size_;
  std::array<std::map<int, double>, kSplits.size()> filled_;
};

}  // namespace

std::vector<Split> assign_splits(const std::vector<SplitItem>& items, const SplitOptions& options) {
  if (!(options.validation >= 0) || !(options.test >= 0) || !(options.validation + options.test < 1)) {
    throw Error(ErrorKind::kUsage, "",
                "the fractions for validation and test must leave something to train on");
  }
  Dealer dealer(items, options);
  std::map<int, Split> split_of_group;
  for (const Group& group : collect_groups(items, options.seed))
    split_of_group[group.number] = dealer.place(group);
  std::vector<Split> splits;
  splits.reserve(items.size());
  for (const SplitItem& item : items) splits.push_back(split_of_group.at(item.group));
  return splits;
}

}  // namespace winnow::dataset
