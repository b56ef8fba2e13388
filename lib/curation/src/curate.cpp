#include "winnow/curation/curate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "copies.hpp"
#include "draft.hpp"
#include "label_review.hpp"
#include "review.hpp"
#include "winnow/core/json.hpp"
#include "winnow/image/format.hpp"

namespace winnow::curation {
namespace {

using dataset::CuratedRow;
using dataset::Fingerprint;

CuratedRow describe(const dataset::Sample& sample, const std::string& label,
                    const Result<Fingerprint>& result) {
  CuratedRow row{.path = sample.path, .label = label};
  if (!is_utf8(sample.path)) {
    reject(row, {kUnreadableName, "its name is not UTF-8; rename it"});
    return row;
  }
  if (!result) {
    reject(row, {result.failure().code, result.failure().message});
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

void apply_decision(const Decision& decision, const Context& context, CuratedRow& row, char& decided) {
  if (decision.verdict == Verdict::kDrop) {
    reject(row, {kDropped, "dropped by a person"});
    return;
  }
  if (!row.keep) {
    context.log.warn("{}: cannot be kept as decided: {}", row.path, row.issues.back().detail);
    return;
  }
  decided = 1;
  if (decision.verdict == Verdict::kRelabel && decision.label != row.label) {
    row.issues.push_back({kRelabelled, "was " + row.label});
    row.label = decision.label;
  }
}

Draft make_draft(const dataset::Dataset& tree, const std::vector<Result<Fingerprint>>& results,
                 const CurationOptions& options, const Context& context) {
  Draft draft;
  draft.decided.resize(results.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    const dataset::Sample& sample = tree.samples[i];
    draft.rows.push_back(describe(sample, tree.classes[static_cast<std::size_t>(sample.label)], results[i]));
    const auto decision = options.decisions.find(sample.path);
    if (decision != options.decisions.end()) {
      apply_decision(decision->second, context, draft.rows.back(), draft.decided[i]);
    }
    if (draft.rows.back().sha256.empty()) continue;
    draft.sound.push_back(i);
    draft.fingerprints.push_back(&*results[i]);
  }
  if (draft.sound.empty()) {
    throw Error(ErrorKind::kInvalid, tree.root.string(),
                fmt::format("none of its {} files is a readable image; the first: {}: {}", results.size(),
                            draft.rows[0].path, draft.rows[0].issues[0].detail));
  }
  return draft;
}

// A picture may decode and yet not be sound: its name is none that a manifest can hold.
stats::Matrix embeddings_of_sound(Examined& examined, const Draft& draft) {
  std::vector<std::size_t> rows;
  std::size_t row = 0;
  auto sound = draft.sound.begin();
  for (std::size_t i = 0; i < examined.fingerprints.size(); ++i) {
    if (!examined.fingerprints[i]) continue;
    if (sound != draft.sound.end() && *sound == i) {
      rows.push_back(row);
      ++sound;
    }
    ++row;
  }
  examined.embeddings.keep_rows(rows);
  return std::move(examined.embeddings);
}

void deal_out(const dataset::Dataset& tree, const std::vector<int>& groups, const CurationOptions& options,
              Draft& draft) {
  // A group is known by all its pictures, kept or not: what is kept of it may change from run to run.
  std::map<int, std::string> keys;
  for (std::size_t i = 0; i < draft.sound.size(); ++i) {
    std::string& key = keys[groups[i]];
    const std::string& hash = draft.fingerprints[i]->sha256;
    if (key.empty() || hash < key) key = hash;
  }
  const std::vector<std::size_t> kept = draft.kept();
  std::vector<dataset::SplitItem> items;
  for (const std::size_t i : kept) {
    const auto at = std::lower_bound(tree.classes.begin(), tree.classes.end(), draft.row_of_sound(i).label);
    items.push_back({static_cast<int>(at - tree.classes.begin()), groups[i], keys.at(groups[i])});
    if (tree.has_test && tree.samples[draft.sound[i]].split == dataset::Split::kTest) {
      items.back().before = dataset::Split::kTest;
    }
    const auto earlier = options.earlier.find(draft.fingerprints[i]->sha256);
    if (earlier != options.earlier.end()) items.back().before = earlier->second;
  }
  dataset::SplitOptions fractions = options.split;
  if (tree.has_test) fractions.test = 0;  // it is there already
  const std::vector<dataset::Split> splits = dataset::assign_splits(items, fractions);
  for (std::size_t k = 0; k < kept.size(); ++k) {
    draft.row_of_sound(kept[k]).group = groups[kept[k]];
    draft.row_of_sound(kept[k]).split = splits[k];
  }
}

// Looks at the result instead of trusting it: no two related pictures that are kept may lie on two sides.
// draft.embeddings are those of the kept pictures.
std::size_t count_leaks(const Draft& draft, const dataset::DuplicateOptions& duplicates,
                        const Context& context) {
  std::vector<const Fingerprint*> fingerprints;
  std::vector<dataset::Split> splits;
  for (const std::size_t i : draft.kept()) {
    fingerprints.push_back(draft.fingerprints[i]);
    splits.push_back(draft.row_of_sound(i).split);
  }
  std::vector<std::size_t> chosen(fingerprints.size());
  std::iota(chosen.begin(), chosen.end(), 0);
  const stats::Matrix* embeddings = draft.embeddings.rows() == 0 ? nullptr : &draft.embeddings;
  return dataset::count_separated({fingerprints, embeddings}, chosen, splits, duplicates, context);
}

std::size_t& counter_of(ClassCounts& count, const std::string& code) {
  if (code == kLabelConflict) return count.conflicts;
  if (code == kExactDuplicate || code == kNearDuplicate) return count.duplicates;
  return code == kDropped || code == kLabelError ? count.dropped : count.broken;
}

std::vector<ClassCounts> count_classes(const std::vector<std::string>& classes,
                                       const std::vector<CuratedRow>& rows) {
  std::map<std::string, ClassCounts> counts;
  for (const std::string& label : classes) counts[label].label = label;
  for (const CuratedRow& row : rows) {
    ClassCounts& count = counts[row.label];
    ++count.found;
    if (!row.keep) {
      ++counter_of(count, row.issues.back().code);
      continue;
    }
    ++(row.split == dataset::Split::kTrain  ? count.train
       : row.split == dataset::Split::kTest ? count.test
                                            : count.validation);
    const bool worth_a_look = std::any_of(row.issues.begin(), row.issues.end(), [](const auto& issue) {
      return find_review_type(issue.code) != nullptr;
    });
    if (worth_a_look) ++count.review;
  }
  std::vector<ClassCounts> list;
  for (auto& [label, count] : counts) list.push_back(std::move(count));
  return list;
}

Json describe_classes(const std::vector<ClassCounts>& counts) {
  Json classes = Json::array();
  for (const ClassCounts& c : counts) {
    classes.push_back({{"label", c.label},
                       {"found", c.found},
                       {"broken", c.broken},
                       {"duplicates", c.duplicates},
                       {"conflicts", c.conflicts},
                       {"dropped", c.dropped},
                       {"review", c.review},
                       {"train", c.train},
                       {"val", c.validation},
                       {"test", c.test}});
  }
  return classes;
}

Json summarise(const Curation& curation, const CurationOptions& options,
               const dataset::DuplicateOptions& duplicates) {
  Json properties = Json::array();
  for (const SetProperty& p : curation.properties) {
    properties.push_back({{"issue", p.issue}, {"count", p.count}, {"share", p.share}});
  }
  Json summary = {{"classes", describe_classes(curation.classes)},
                  {"properties", std::move(properties)},
                  {"seed", options.split.seed},
                  {"val_fraction", options.split.validation},
                  {"test_fraction", options.split.test},
                  {"same_picture_bits", duplicates.same_picture_bits},
                  {"related_bits", duplicates.related_bits}};
  if (options.examine) {
    summary["same_picture_cosine"] = duplicates.same_picture_cosine;
    summary["related_cosine"] = duplicates.related_cosine;
  }
  if (curation.labels) {
    summary["labels"] = {{"out_of_fold_accuracy", curation.labels->accuracy},
                         {"estimated_noise", curation.labels->noise_rate}};
  }
  summary["leaks_between_splits"] = curation.leaks;
  return summary;
}

}  // namespace

std::map<std::string, dataset::Split> earlier_split(const std::filesystem::path& file,
                                                    const dataset::SplitOptions& options) {
  std::map<std::string, dataset::Split> sides;
  try {
    const dataset::CuratedManifest manifest = dataset::read_curated_manifest(file);
    const bool is_same = manifest.summary.is_object() &&
                         manifest.summary.value("seed", Json()) == options.seed &&
                         manifest.summary.value("val_fraction", Json()) == options.validation &&
                         manifest.summary.value("test_fraction", Json()) == options.test;
    for (const CuratedRow& row : manifest.rows) {
      if (is_same && row.keep) sides[row.sha256] = row.split;
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kUnsupported) {
      throw Error(ErrorKind::kUnsupported, file.string(),
                  "is a manifest of another version, and its split would be lost; name another file");
    }
    // Not there, or something else: the first split of this set.
  }
  return sides;
}

Curation curate(const dataset::Dataset& tree, const CurationOptions& options, const Context& context) {
  Examined examined = options.examine ? options.examine(tree, options.reading, context)
                                      : Examined{dataset::fingerprint(tree, options.reading, context), {}};
  Draft draft = make_draft(tree, examined.fingerprints, options, context);
  if (options.examine) draft.embeddings = embeddings_of_sound(examined, draft);
  const stats::Matrix* embeddings = options.examine ? &draft.embeddings : nullptr;
  const dataset::DuplicateGroups duplicates =
      dataset::find_duplicates({draft.fingerprints, embeddings}, options.duplicates, context);

  Curation curation;
  reject_placeholders(tree, draft);
  curation.groups = settle_copies(duplicates.same, draft);
  curation.properties = review_pictures(draft);
  if (auto imbalance = find_imbalance(tree.classes, draft)) curation.properties.push_back(*imbalance);
  if (options.examine) {
    curation.labels = review_labels(tree.classes, duplicates.related, options, context, draft);
  }
  deal_out(tree, duplicates.related, options, draft);
  curation.leaks = count_leaks(draft, duplicates.used, context);

  curation.spreads = std::move(draft.spreads);
  curation.manifest.root = tree.root;
  curation.manifest.rows = std::move(draft.rows);
  curation.classes = count_classes(tree.classes, curation.manifest.rows);
  curation.manifest.summary = summarise(curation, options, duplicates.used);
  return curation;
}

}  // namespace winnow::curation
