#include "winnow/dataset/split.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "winnow/core/bytes.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/hash.hpp"

namespace winnow::dataset {
namespace {

constexpr std::size_t kSides = 3;
// With more, ever larger classes would need repair, and repairs move pictures.
constexpr double kEnough = 3;

std::size_t index(Split split) {
  return static_cast<std::size_t>(split);
}

struct Group {
  std::string key;                    // the least of its members
  double place = 0;                   // in [0, 1), from the hash of seed and key
  std::map<int, std::size_t> counts;  // by label
  Split split = Split::kTrain;
};

// What each side should hold, as the part of [0, 1) that belongs to it.
struct Interval {
  double low;
  double high;
  [[nodiscard]] double distance(double place) const {
    return place < low ? low - place : place >= high ? place - high : 0;
  }
};

class Dealer {
 public:
  Dealer(const std::vector<SplitItem>& items, const SplitOptions& options) {
    const double rest = options.test + options.validation;
    parts_[index(Split::kTest)] = {0, options.test};
    parts_[index(Split::kValidation)] = {options.test, rest};
    parts_[index(Split::kTrain)] = {rest, 1};
    collect(items);
    for (auto& [number, group] : groups_) {
      group.place = place_of(group.key, options.seed);
      group.split = natural_side(group.place);
      if (overfills(group)) group.split = Split::kTrain;
      for (const auto& [label, count] : group.counts) {
        classes_[label].held[index(group.split)] += count;
        classes_[label].groups.push_back(&group);
      }
    }
    for (auto& [label, counted] : classes_) set_needs(counted);
  }

  void repair() {
    for (const Split side : {Split::kTrain, Split::kTest, Split::kValidation}) {
      for (auto& [label, counted] : classes_) {
        while (counted.held[index(side)] < counted.need[index(side)]) {
          Group* group = find_candidate(counted, side);
          if (group == nullptr) break;
          move(*group, side);
        }
      }
    }
  }

  [[nodiscard]] Split side_of(int group) const { return groups_.at(group).split; }

 private:
  struct Class {
    std::size_t size = 0;
    std::array<std::size_t, kSides> held = {};
    std::array<std::size_t, kSides> need = {};
    std::vector<Group*> groups;
  };

  void collect(const std::vector<SplitItem>& items) {
    for (const SplitItem& item : items) {
      Group& group = groups_[item.group];
      if (group.counts.empty() || item.key < group.key) group.key = item.key;
      ++group.counts[item.label];
      ++classes_[item.label].size;
    }
  }

  static double place_of(const std::string& key, std::uint64_t seed) {
    const std::string hash = sha256_hex(as_bytes(std::to_string(seed) + "/" + key));
    return static_cast<double>(std::stoull(hash.substr(0, 13), nullptr, 16)) * 0x1p-52;
  }

  [[nodiscard]] Split natural_side(double place) const {
    for (const Split side : {Split::kTest, Split::kValidation}) {
      const Interval& part = parts_[index(side)];
      if (place >= part.low && place < part.high) return side;
    }
    return Split::kTrain;
  }

  // Whether it alone would be most of what its side should hold of a class.
  [[nodiscard]] bool overfills(const Group& group) const {
    const Interval& part = parts_[index(group.split)];
    return group.split != Split::kTrain &&
           std::any_of(group.counts.begin(), group.counts.end(), [&](const auto& entry) {
             const double wanted =
                 (part.high - part.low) * static_cast<double>(classes_.at(entry.first).size);
             return static_cast<double>(entry.second) > std::max(kEnough, wanted / 2);
           });
  }

  void set_needs(Class& counted) const {
    const auto half = [&](Split side) {
      const Interval& part = parts_[index(side)];
      if (part.high <= part.low) return std::size_t{0};
      const double wanted = (part.high - part.low) * static_cast<double>(counted.size);
      return static_cast<std::size_t>(std::clamp(wanted / 2, 1.0, kEnough));
    };
    counted.need[index(Split::kTrain)] = half(Split::kTrain);
    if (counted.groups.size() >= 3) counted.need[index(Split::kTest)] = half(Split::kTest);
    if (counted.groups.size() >= 4) counted.need[index(Split::kValidation)] = half(Split::kValidation);
  }

  // Training takes from anyone, the others only what is left over where it comes from.
  [[nodiscard]] bool may_leave(const Group& group, Split side) const {
    if (side == Split::kTrain) return true;
    return std::all_of(group.counts.begin(), group.counts.end(), [&](const auto& entry) {
      const Class& counted = classes_.at(entry.first);
      const std::size_t from = index(group.split);
      return counted.held[from] >= entry.second + counted.need[from];
    });
  }

  [[nodiscard]] Group* find_candidate(const Class& counted, Split side) const {
    Group* best = nullptr;
    double best_distance = 0;
    for (Group* group : counted.groups) {
      if (group->split == side || !may_leave(*group, side)) continue;
      const double distance = parts_[index(side)].distance(group->place);
      if (best == nullptr || distance < best_distance ||
          (distance == best_distance && group->key < best->key)) {
        best = group;
        best_distance = distance;
      }
    }
    return best;
  }

  void move(Group& group, Split side) {
    for (const auto& [label, count] : group.counts) {
      classes_[label].held[index(group.split)] -= count;
      classes_[label].held[index(side)] += count;
    }
    group.split = side;
  }

  std::array<Interval, kSides> parts_;
  std::map<int, Group> groups_;
  std::map<int, Class> classes_;
};

}  // namespace

std::vector<Split> assign_splits(const std::vector<SplitItem>& items, const SplitOptions& options) {
  if (!(options.validation >= 0) || !(options.test >= 0) || !(options.validation + options.test < 1)) {
    throw Error(ErrorKind::kUsage, "",
                "the fractions for validation and test must leave something to train on");
  }
  Dealer dealer(items, options);
  dealer.repair();
  std::vector<Split> splits;
  splits.reserve(items.size());
  for (const SplitItem& item : items) splits.push_back(dealer.side_of(item.group));
  return splits;
}

}  // namespace winnow::dataset
