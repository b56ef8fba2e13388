#include "external_test.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "winnow/dataset/duplicates.hpp"
#include "winnow/dataset/fingerprint.hpp"

namespace winnow::training {
namespace {

// Labels become those of the training data.
void adopt_classes(const std::filesystem::path& folder, const std::vector<std::string>& known,
                   dataset::Dataset& data) {
  std::vector<int> label_of;
  std::vector<std::string> unknown;
  for (const std::string& name : data.classes) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) unknown.push_back(name);
    label_of.push_back(static_cast<int>(found - known.begin()));
  }
  if (!unknown.empty()) {
    throw Error(ErrorKind::kInvalid, folder.string(),
                fmt::format("has classes that the training data does not have: {}; rename or remove them",
                            fmt::join(unknown, ", ")));
  }
  for (dataset::Sample& sample : data.samples)
    sample.label = label_of[static_cast<std::size_t>(sample.label)];
  data.classes = known;
}

dataset::Dataset seen_pictures(const dataset::Dataset& training) {
  dataset::Dataset seen = training;
  std::erase_if(seen.samples,
                [](const dataset::Sample& sample) { return sample.split == dataset::Split::kTest; });
  return seen;
}

void drop_copies(const dataset::Dataset& training, ExternalTest& test, const Context& context) {
  const auto seen = dataset::fingerprint(seen_pictures(training), {}, context);
  const auto own = dataset::fingerprint(test.data, {}, context);
  std::vector<const dataset::Fingerprint*> fingerprints;
  for (const auto& result : seen) {
    if (result) fingerprints.push_back(&*result);
  }
  const std::size_t seen_count = fingerprints.size();
  for (const auto& result : own) {
    if (result) fingerprints.push_back(&*result);
  }
  const std::vector<int> same = dataset::find_duplicates({fingerprints}, {}, context).same;
  const std::set<int> seen_groups(same.begin(), same.begin() + static_cast<std::ptrdiff_t>(seen_count));

  std::vector<dataset::Sample> kept;
  auto group = same.begin() + static_cast<std::ptrdiff_t>(seen_count);
  for (std::size_t i = 0; i < own.size(); ++i) {
    const dataset::Sample& sample = test.data.samples[i];
    if (!own[i]) {
      test.skipped.push_back({sample.path, own[i].failure()});
    } else if (seen_groups.contains(*group++)) {
      test.leaks.push_back(sample.path);
    } else {
      kept.push_back(sample);
    }
  }
  test.data.samples = std::move(kept);
}

}  // namespace

ExternalTest open_external_test(const std::filesystem::path& folder, const dataset::Dataset& training,
                                const Context& context) {
  ExternalTest test{.data = dataset::open_dataset(folder), .leaks = {}, .skipped = {}};
  adopt_classes(folder, training.classes, test.data);
  drop_copies(training, test, context);
  if (test.data.samples.empty()) {
    throw Error(
        ErrorKind::kInvalid, folder.string(),
        fmt::format("has no picture to test on: {} are copies of pictures trained or validated on, {} "
                    "cannot be read; name a folder of other pictures",
                    test.leaks.size(), test.skipped.size()));
  }
  if (!test.leaks.empty()) {
    context.log.warn("{}: {} pictures are copies of pictures trained or validated on, and are left out",
                     folder.string(), test.leaks.size());
  }
  return test;
}

}  // namespace winnow::training
