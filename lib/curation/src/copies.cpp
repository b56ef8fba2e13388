#include "copies.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "winnow/core/text.hpp"

namespace winnow::curation {
namespace {

using dataset::CuratedRow;
using dataset::Fingerprint;

constexpr std::size_t kPlaceholderCopies = 3;

// The copy to keep: one a person chose, then the most pixels, then the largest file, then the first name.
bool is_better(const Draft& draft, std::size_t a, std::size_t b) {
  if (draft.is_decided(a) != draft.is_decided(b)) return draft.is_decided(a);
  const CuratedRow& row_a = draft.row_of_sound(a);
  const CuratedRow& row_b = draft.row_of_sound(b);
  const auto pixels_a = std::int64_t{row_a.width} * row_a.height;
  const auto pixels_b = std::int64_t{row_b.width} * row_b.height;
  if (pixels_a != pixels_b) return pixels_a > pixels_b;
  const std::uint64_t bytes_a = draft.fingerprints[a]->bytes;
  const std::uint64_t bytes_b = draft.fingerprints[b]->bytes;
  return bytes_a != bytes_b ? bytes_a > bytes_b : row_a.path < row_b.path;
}

// How alike two pictures are: the share of equal bits of their hashes, or the cosine of their embeddings if
// that is more. 1 is the same.
double likeness(const Draft& draft, std::size_t a, std::size_t b) {
  const int bits = dataset::look_distance(*draft.fingerprints[a], *draft.fingerprints[b]);
  const double by_hash = 1 - bits / 64.0;
  if (draft.embeddings.rows() == 0) return by_hash;
  const auto row_a = draft.embeddings.row(a);
  const auto row_b = draft.embeddings.row(b);
  const double cosine = std::inner_product(row_a.begin(), row_a.end(), row_b.begin(), 0.0);
  return std::clamp(std::max(by_hash, cosine), 0.0, 1.0);
}

void reject_copy(Draft& draft, std::size_t copy, std::size_t best) {
  const CuratedRow& kept = draft.row_of_sound(best);
  CuratedRow& row = draft.row_of_sound(copy);
  const bool exact = row.sha256 == kept.sha256;
  reject(row, {exact ? kExactDuplicate : kNearDuplicate,
               (exact ? "the same bytes as " : "looks the same as ") + kept.path,
               exact ? 1 : likeness(draft, copy, best)});
}

// positions: best first. Whether one may stand for the others is a matter of their labels.
DuplicateGroup settle(Draft& draft, const std::vector<std::size_t>& positions) {
  DuplicateGroup group;
  std::set<std::string> labels;
  for (const std::size_t i : positions) {
    group.rows.push_back(draft.sound[i]);
    labels.insert(draft.row_of_sound(i).label);
  }
  const std::size_t best = positions.front();
  group.conflict = labels.size() > 1 && !draft.is_decided(best);
  for (const std::size_t i : positions) {
    if (draft.is_decided(i)) continue;
    if (group.conflict) {
      reject(draft.row_of_sound(i),
             {kLabelConflict, fmt::format("the same picture is labelled {}", fmt::join(labels, ", ")), 1});
    } else if (i != best) {
      reject_copy(draft, i, best);
    }
  }
  return group;
}

}  // namespace

void reject_placeholders(const dataset::Dataset& tree, Draft& draft) {
  std::map<std::string_view, std::vector<std::size_t>> same_bytes;
  for (std::size_t i = 0; i < draft.sound.size(); ++i) {
    same_bytes[draft.fingerprints[i]->sha256].push_back(i);
  }
  for (const auto& [hash, positions] : same_bytes) {
    if (positions.size() < kPlaceholderCopies) continue;
    std::set<int> labels;
    for (const std::size_t i : positions) labels.insert(tree.samples[draft.sound[i]].label);
    if (labels.size() < 2) continue;
    for (const std::size_t i : positions) {
      if (draft.is_decided(i) || !draft.row_of_sound(i).keep) continue;
      reject(draft.row_of_sound(i), {kPlaceholder,
                                     fmt::format("the same bytes stand {} times under {}", positions.size(),
                                                 format_count(labels.size(), "label")),
                                     1});
    }
  }
}

std::vector<DuplicateGroup> settle_copies(const std::vector<int>& group_of, Draft& draft) {
  std::map<int, std::vector<std::size_t>> members;
  for (const std::size_t i : draft.kept()) members[group_of[i]].push_back(i);
  std::vector<DuplicateGroup> groups;
  for (auto& [number, positions] : members) {
    if (positions.size() < 2) continue;
    std::sort(positions.begin(), positions.end(),
              [&](std::size_t a, std::size_t b) { return is_better(draft, a, b); });
    groups.push_back(settle(draft, positions));
  }
  std::stable_sort(groups.begin(), groups.end(), [](const DuplicateGroup& a, const DuplicateGroup& b) {
    return a.conflict != b.conflict ? a.conflict : a.rows.size() > b.rows.size();
  });
  return groups;
}

}  // namespace winnow::curation
