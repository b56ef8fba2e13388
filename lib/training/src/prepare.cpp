#include "prepare.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>

#include "winnow/core/bytes.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/dataset/duplicates.hpp"
#include "winnow/dataset/fingerprint.hpp"

namespace winnow::training {
namespace {

void make_splits(dataset::Dataset& data, const dataset::SplitOptions& options,
                 std::vector<SkippedImage>& skipped, const Context& context) {
  const auto results = dataset::fingerprint(data, {}, context);
  std::vector<dataset::Sample> sound;
  std::vector<const dataset::Fingerprint*> fingerprints;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i]) {
      sound.push_back(data.samples[i]);
      fingerprints.push_back(&*results[i]);
    } else {
      skipped.push_back({data.samples[i].path, results[i].failure()});
    }
  }
  const std::vector<int> groups = dataset::find_duplicates({fingerprints}, {}, context).related;
  std::vector<dataset::SplitItem> items;
  for (std::size_t i = 0; i < sound.size(); ++i) {
    sound[i].group = groups[i];
    items.push_back({sound[i].label, groups[i], fingerprints[i]->sha256});
    if (data.has_test && sound[i].split == dataset::Split::kTest) items.back().before = dataset::Split::kTest;
  }
  dataset::SplitOptions fractions = options;
  if (data.has_test) fractions.test = 0;  // it is there already
  const std::vector<dataset::Split> splits = dataset::assign_splits(items, fractions);
  for (std::size_t i = 0; i < sound.size(); ++i) sound[i].split = splits[i];
  data.samples = std::move(sound);
  data.has_splits = true;
  context.log.info(
      "no curated manifest given: split here; winnow-curate shows what it finds and keeps the split");
}

}  // namespace

void check_classes(const dataset::Dataset& data) {
  if (data.classes.size() < 2) {
    throw Error(ErrorKind::kInvalid, data.root.string(),
                "has one class; a classifier needs at least two, so add a folder of something else");
  }
  const auto counts = count_samples(data);
  for (std::size_t c = 0; c < data.classes.size(); ++c) {
    const std::size_t images = counts[c][0];
    if (images >= kMinTrainingImages) continue;
    throw Error(
        ErrorKind::kInvalid, (data.root / data.classes[c]).string(),
        fmt::format("{} usable image{} to train on, at least {} are needed; add images or remove the class",
                    images, images == 1 ? "" : "s", kMinTrainingImages));
  }
}

void prepare(dataset::Dataset& data, const dataset::SplitOptions& split, std::vector<SkippedImage>& skipped,
             const Context& context) {
  if (!data.has_splits) make_splits(data, split, skipped, context);
  check_classes(data);
}

std::size_t count_leaks(const dataset::Dataset& data) {
  std::map<int, std::set<dataset::Split>> splits_of_group;
  for (const dataset::Sample& sample : data.samples) splits_of_group[sample.group].insert(sample.split);
  std::size_t leaks = 0;
  for (const auto& [group, splits] : splits_of_group) leaks += splits.size() > 1 ? 1 : 0;
  return leaks;
}

std::string hash_samples(const dataset::Dataset& data) {
  std::string listing;
  for (const dataset::Sample& sample : data.samples) {
    listing += fmt::format("{}\t{}\t{}\n", sample.path, sample.label, to_string(sample.split));
  }
  return sha256_hex(as_bytes(listing));
}

}  // namespace winnow::training
