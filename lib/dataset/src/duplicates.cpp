#include "winnow/dataset/duplicates.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <mutex>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "winnow/core/parallel.hpp"
#include "winnow/core/random.hpp"
#include "winnow/stats/hamming.hpp"
#include "winnow/stats/neighbours.hpp"
#include "winnow/stats/similar_pairs.hpp"

namespace winnow::dataset {
namespace {

constexpr double kMaxLinkedShare = 0.2;
constexpr double kMaxGroupShare = 0.05;
constexpr std::size_t kMinLargeGroup = 10;  // in a small set a twentieth is nothing
constexpr std::size_t kMinLargeLook = 100;  // a hash is seldom wrong, and copies may be many
constexpr std::size_t kGuardSamples = 500;
constexpr float kGuardDistance = 0.25F;

// Union-find with path halving.
class Groups {
 public:
  explicit Groups(std::size_t count) : parent_(count) {
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
  }

  void join(std::size_t a, std::size_t b) { parent_[find(a)] = find(b); }

  std::size_t find(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }

  // Numbered from 0 by first appearance.
  std::vector<int> numbers() {
    std::unordered_map<std::size_t, int> number_of;
    std::vector<int> result(parent_.size());
    for (std::size_t i = 0; i < result.size(); ++i) {
      result[i] = number_of.try_emplace(find(i), static_cast<int>(number_of.size())).first->second;
    }
    return result;
  }

 private:
  std::vector<std::size_t> parent_;
};

using Visit = std::function<void(std::size_t, std::size_t, int)>;

// The hashes of many pictures, of one kind side by side.
struct Looks {
  std::vector<std::uint64_t> upright;
  std::vector<std::uint64_t> mirrored;

  void add(const image::PerceptualHash& look) {
    upright.push_back(look.upright);
    mirrored.push_back(look.mirrored);
  }

  // Lowers least[j] to the differing bits of picture i and picture begin + j. Returns the lowest of them.
  std::uint64_t lower(std::size_t i, std::size_t begin, std::span<std::uint64_t> least) const {
    stats::lower_to_differing_bits(upright[i], upright.data() + begin, least);
    return stats::lower_to_differing_bits(upright[i], mirrored.data() + begin, least);
  }

  static constexpr std::size_t kTile = 1024;
};

// visit(i, j, bits) with i < j for every pair within `bits` bits (look_distance), one call at a time. rows:
// the pictures to compare; i and j are positions in it.
void for_each_alike(const Pictures& pictures, std::span<const std::size_t> rows, int bits,
                    const Context& context, const Visit& visit) {
  Looks whole;
  Looks inner;
  bool has_borders = false;
  for (const std::size_t row : rows) {
    const Fingerprint& picture = *pictures.fingerprints[row];
    whole.add(picture.look);
    inner.add(picture.inner.value_or(picture.look));
    has_borders = has_borders || picture.inner.has_value();
  }
  const auto limit = static_cast<std::uint64_t>(bits);
  std::mutex mutex;
  parallel_for(rows.size(), context.threads, context.stop, [&](std::size_t i) {
    std::array<std::uint64_t, Looks::kTile> least;
    for (std::size_t begin = i + 1; begin < rows.size(); begin += Looks::kTile) {
      const std::size_t count = std::min(Looks::kTile, rows.size() - begin);
      std::fill_n(least.begin(), count, std::uint64_t{64});
      std::uint64_t lowest = whole.lower(i, begin, std::span(least).first(count));
      if (has_borders) lowest = inner.lower(i, begin, std::span(least).first(count));
      if (lowest > limit) continue;
      for (std::size_t j = 0; j < count; ++j) {
        if (least[j] > limit) continue;
        const std::lock_guard lock(mutex);
        visit(i, begin + j, static_cast<int>(least[j]));
      }
    }
  });
}

// The first picture of each content: copies of the same bytes need no comparing.
std::vector<std::size_t> first_of_each_content(const Pictures& pictures, Groups& same) {
  std::unordered_map<std::string_view, std::size_t> first;
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < pictures.fingerprints.size(); ++i) {
    const auto [place, is_new] = first.try_emplace(pictures.fingerprints[i]->sha256, i);
    if (is_new) {
      rows.push_back(i);
    } else {
      same.join(i, place->second);
    }
  }
  return rows;
}

// For up to kGuardSamples of the rows the cosine to the nearest picture outside its group.
std::vector<float> nearest_cosines(const Pictures& pictures, std::span<const std::size_t> rows,
                                   const std::vector<int>& groups, const Context& context) {
  std::vector<std::size_t> drawn(rows.begin(), rows.end());
  CounterRandom random(1, drawn.size());
  const std::size_t count = std::min(kGuardSamples, drawn.size());
  for (std::size_t i = 0; i < count; ++i) std::swap(drawn[i], drawn[i + random.below(drawn.size() - i)]);
  drawn.resize(count);
  std::vector<int> drawn_groups;
  for (const std::size_t row : drawn) drawn_groups.push_back(groups[row]);
  return stats::kth_similarity(pictures.embeddings->select(drawn), drawn_groups, *pictures.embeddings, groups,
                               1, context.threads, context.stop);
}

struct Tied {
  Groups same;
  Groups related;
};

void tie_by_embedding(const Pictures& pictures, std::span<const std::size_t> rows,
                      const DuplicateOptions& options, const Context& context, Tied& tied) {
  const float least = std::min(options.same_picture_cosine, options.related_cosine);
  stats::for_each_similar_pair(*pictures.embeddings, rows, {.cosine = least}, context.threads, context.stop,
                               [&](std::size_t i, std::size_t j, float cosine) {
                                 tied.related.join(rows[i], rows[j]);
                                 if (cosine >= options.same_picture_cosine) tied.same.join(rows[i], rows[j]);
                               });
}

std::size_t largest_group(Groups groups, std::span<const std::size_t> rows) {
  std::unordered_map<std::size_t, std::size_t> sizes;
  std::size_t largest = 0;
  for (const std::size_t row : rows) largest = std::max(largest, ++sizes[groups.find(row)]);
  return largest;
}

// Ties what the hashes show to be alike; by fewer bits if pictures that have little to show, such as digits
// or silhouettes, would all be tied together.
Tied tie_by_look(const Pictures& pictures, std::span<const std::size_t> rows, const Groups& exact,
                 const Context& context, DuplicateOptions& options) {
  const auto tie = [&] {
    Tied tied{exact, exact};
    for_each_alike(pictures, rows, std::max(options.same_picture_bits, options.related_bits), context,
                   [&](std::size_t i, std::size_t j, int bits) {
                     tied.related.join(rows[i], rows[j]);
                     if (bits <= options.same_picture_bits) tied.same.join(rows[i], rows[j]);
                   });
    return tied;
  };
  Tied tied = tie();
  const std::size_t large =
      std::max(kMinLargeLook, static_cast<std::size_t>(kMaxGroupShare * static_cast<double>(rows.size())));
  if (largest_group(tied.related, rows) <= large) return tied;
  const int bits = largest_group(tied.same, rows) <= large ? options.same_picture_bits : 0;
  if (bits >= options.related_bits) return tied;
  context.log.warn("many pictures look alike: hashes count as related up to {} differing bits, not {}", bits,
                   options.related_bits);
  options.related_bits = bits;
  options.same_picture_bits = std::min(options.same_picture_bits, bits);
  return tie();
}

// Ties what the embeddings show to be alike, with cosines that suit the variety of the set.
void tie_with_guard(const Pictures& pictures, std::span<const std::size_t> rows, const Context& context,
                    Tied& tied, DuplicateOptions& options) {
  const std::vector<float> nearest = nearest_cosines(pictures, rows, tied.related.numbers(), context);
  const auto linked = std::count_if(nearest.begin(), nearest.end(),
                                    [&](float cosine) { return cosine >= options.related_cosine; });
  const auto raise = [&] {
    const float median = stats::quantile(nearest, 0.5);
    const float cosine = std::max(options.related_cosine, 1 - kGuardDistance * (1 - median));
    if (cosine <= options.related_cosine) return false;
    context.log.warn(
        "many pictures resemble each other: embeddings count as related from a cosine of {:.3f}, not {:.2f}",
        cosine, options.related_cosine);
    options.related_cosine = cosine;
    options.same_picture_cosine = std::max(options.same_picture_cosine, cosine);
    return true;
  };
  bool raised = false;
  if (static_cast<double>(linked) > kMaxLinkedShare * static_cast<double>(nearest.size())) raised = raise();

  const Tied by_hash = tied;
  tie_by_embedding(pictures, rows, options, context, tied);
  if (raised) return;
  const std::size_t large =
      std::max({kMinLargeGroup, static_cast<std::size_t>(kMaxGroupShare * static_cast<double>(rows.size())),
                largest_group(by_hash.related, rows)});
  if (largest_group(tied.related, rows) <= large || !raise()) return;
  tied = by_hash;
  tie_by_embedding(pictures, rows, options, context, tied);
}

}  // namespace

DuplicateGroups find_duplicates(const Pictures& pictures, const DuplicateOptions& options,
                                const Context& context) {
  const std::size_t count = pictures.fingerprints.size();
  Groups exact(count);
  const std::vector<std::size_t> rows = first_of_each_content(pictures, exact);
  DuplicateOptions used = options;
  Tied tied = tie_by_look(pictures, rows, exact, context, used);
  if (pictures.embeddings != nullptr && rows.size() > 1) {
    tie_with_guard(pictures, rows, context, tied, used);
  }
  return {tied.same.numbers(), tied.related.numbers(), used};
}

std::size_t count_separated(const Pictures& pictures, std::span<const std::size_t> chosen,
                            std::span<const Split> splits, const DuplicateOptions& options,
                            const Context& context) {
  std::size_t separated = 0;
  const auto count = [&](std::size_t i, std::size_t j) { separated += splits[i] != splits[j] ? 1 : 0; };
  for_each_alike(pictures, chosen, options.related_bits, context,
                 [&](std::size_t i, std::size_t j, int) { count(i, j); });
  if (pictures.embeddings != nullptr) {
    stats::for_each_similar_pair(*pictures.embeddings, chosen, {.cosine = options.related_cosine},
                                 context.threads, context.stop,
                                 [&](std::size_t i, std::size_t j, float) { count(i, j); });
  }
  return separated;
}

}  // namespace winnow::dataset
