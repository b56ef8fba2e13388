#include "winnow/curation/curate.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "winnow/core/json.hpp"
#include "winnow/image/format.hpp"

namespace winnow::curation {
namespace {

using dataset::CuratedRow;
using dataset::Fingerprint;

// The pictures that decode: their rows, and what they look like.
struct Sound {
  std::vector<std::size_t> rows;
  std::vector<const Fingerprint*> fingerprints;
};

void reject(CuratedRow& row, std::string code, std::string detail) {
  row.keep = false;
  row.issues.push_back({std::move(code), std::move(detail)});
}

CuratedRow describe(const dataset::Sample& sample, const std::string& label,
                    const Result<Fingerprint>& result) {
  CuratedRow row{.path = sample.path, .label = label};
  if (!is_utf8(sample.path)) {
    reject(row, kUnreadableName, "its name is not UTF-8; rename it");
    return row;
  }
  if (!result) {
    reject(row, result.failure().code, result.failure().message);
    return row;
  }
  row.sha256 = result->sha256;
  row.width = result->info.width;
  row.height = result->info.height;
  if (!image::extension_matches(sample.path, result->info.format)) {
    row.issues.push_back({kWrongExtension, fmt::format("is {}", image::describe(result->info.format))});
  }
  return row;
}

// The copy to keep: the most pixels, then the largest file, then the first name.
bool is_better(const CuratedRow& a, const Fingerprint& fa, const CuratedRow& b, const Fingerprint& fb) {
  const auto pixels_a = std::int64_t{a.width} * a.height;
  const auto pixels_b = std::int64_t{b.width} * b.height;
  if (pixels_a != pixels_b) return pixels_a > pixels_b;
  return fa.bytes != fb.bytes ? fa.bytes > fb.bytes : a.path < b.path;
}

// Rejects all but the best picture of each group of copies, and all of a group whose labels disagree.
std::vector<DuplicateGroup> settle_duplicates(const Sound& sound, const std::vector<int>& numbers,
                                              std::vector<CuratedRow>& rows) {
  std::map<int, std::vector<std::size_t>> members;  // positions in `sound`
  for (std::size_t i = 0; i < numbers.size(); ++i) members[numbers[i]].push_back(i);

  std::vector<DuplicateGroup> groups;
  for (auto& [number, positions] : members) {
    if (positions.size() < 2) continue;
    std::sort(positions.begin(), positions.end(), [&](std::size_t a, std::size_t b) {
      return is_better(rows[sound.rows[a]], *sound.fingerprints[a], rows[sound.rows[b]],
                       *sound.fingerprints[b]);
    });
    DuplicateGroup group;
    std::set<std::string> labels;
    for (const std::size_t position : positions) {
      group.rows.push_back(sound.rows[position]);
      labels.insert(rows[group.rows.back()].label);
    }
    group.conflict = labels.size() > 1;
    const CuratedRow& best = rows[group.rows.front()];
    if (group.conflict) {
      const std::string all = fmt::format("{}", fmt::join(labels, ", "));
      for (const std::size_t row : group.rows)
        reject(rows[row], kLabelConflict, "the same picture is labelled " + all);
    } else {
      for (std::size_t i = 1; i < group.rows.size(); ++i) {
        CuratedRow& copy = rows[group.rows[i]];
        const bool exact = copy.sha256 == best.sha256;
        reject(copy, exact ? kExactDuplicate : kNearDuplicate,
               (exact ? "the same bytes as " : "looks the same as ") + best.path);
      }
    }
    groups.push_back(std::move(group));
  }
  std::stable_sort(groups.begin(), groups.end(), [](const DuplicateGroup& a, const DuplicateGroup& b) {
    return a.conflict != b.conflict ? a.conflict : a.rows.size() > b.rows.size();
  });
  return groups;
}

void deal_out(const Sound& sound, const std::vector<int>& groups, const dataset::SplitOptions& options,
              const dataset::Dataset& tree, std::vector<CuratedRow>& rows) {
  std::vector<dataset::SplitItem> items;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < sound.rows.size(); ++i) {
    const std::size_t row = sound.rows[i];
    if (!rows[row].keep) continue;
    rows[row].group = groups[i];
    items.push_back({tree.samples[row].label, groups[i], rows[row].sha256});
    kept.push_back(row);
  }
  const std::vector<dataset::Split> splits = dataset::assign_splits(items, options);
  for (std::size_t i = 0; i < kept.size(); ++i) rows[kept[i]].split = splits[i];
}

// Looks at the result instead of trusting it: no two related pictures that are kept may lie on two sides.
std::size_t count_leaks(const Sound& sound, const dataset::DuplicateOptions& duplicates,
                        const std::vector<CuratedRow>& rows, const Context& context) {
  std::vector<const Fingerprint*> kept;
  std::vector<dataset::Split> splits;
  for (std::size_t i = 0; i < sound.rows.size(); ++i) {
    if (!rows[sound.rows[i]].keep) continue;
    kept.push_back(sound.fingerprints[i]);
    splits.push_back(rows[sound.rows[i]].split);
  }
  return dataset::count_separated({kept}, splits, duplicates, context);
}

std::vector<ClassCounts> count_classes(const std::vector<std::string>& classes,
                                       const std::vector<CuratedRow>& rows) {
  std::map<std::string, ClassCounts> counts;
  for (const std::string& label : classes) counts[label].label = label;
  for (const CuratedRow& row : rows) {
    ClassCounts& count = counts[row.label];
    ++count.found;
    if (row.keep) {
      ++(row.split == dataset::Split::kTrain  ? count.train
         : row.split == dataset::Split::kTest ? count.test
                                              : count.validation);
    } else {
      const std::string& code = row.issues.back().code;
      ++(code == kLabelConflict                              ? count.conflicts
         : code == kExactDuplicate || code == kNearDuplicate ? count.duplicates
                                                             : count.broken);
    }
  }
  std::vector<ClassCounts> list;
  for (auto& [label, count] : counts) list.push_back(std::move(count));
  return list;
}

Json summarise(const Curation& curation, const CurationOptions& options) {
  Json classes = Json::array();
  for (const ClassCounts& c : curation.classes) {
    classes.push_back({{"label", c.label},
                       {"found", c.found},
                       {"broken", c.broken},
                       {"duplicates", c.duplicates},
                       {"conflicts", c.conflicts},
                       {"train", c.train},
                       {"val", c.validation},
                       {"test", c.test}});
  }
  return {{"classes", std::move(classes)},
          {"seed", options.split.seed},
          {"val_fraction", options.split.validation},
          {"test_fraction", options.split.test},
          {"same_picture_bits", options.duplicates.same_picture_bits},
          {"related_bits", options.duplicates.related_bits},
          {"leaks_between_splits", curation.leaks}};
}

}  // namespace

Curation curate(const dataset::Dataset& tree, const CurationOptions& options, const Context& context) {
  const std::vector<Result<Fingerprint>> results = dataset::fingerprint(tree, options.reading, context);
  Curation curation;
  curation.manifest.root = tree.root;
  std::vector<CuratedRow>& rows = curation.manifest.rows;
  Sound sound;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const dataset::Sample& sample = tree.samples[i];
    rows.push_back(describe(sample, tree.classes[static_cast<std::size_t>(sample.label)], results[i]));
    if (rows.back().sha256.empty()) continue;
    sound.rows.push_back(i);
    sound.fingerprints.push_back(&*results[i]);
  }
  if (sound.rows.empty()) {
    throw Error(ErrorKind::kInvalid, tree.root.string(),
                fmt::format("none of its {} files is a readable image; the first: {}: {}", rows.size(),
                            rows[0].path, rows[0].issues[0].detail));
  }
  const dataset::DuplicateGroups duplicates =
      dataset::find_duplicates({sound.fingerprints}, options.duplicates, context);
  curation.groups = settle_duplicates(sound, duplicates.same, rows);
  deal_out(sound, duplicates.related, options.split, tree, rows);
  curation.leaks = count_leaks(sound, duplicates.used, rows, context);
  curation.classes = count_classes(tree.classes, rows);
  curation.manifest.summary = summarise(curation, options);
  return curation;
}

}  // namespace winnow::curation
