// Which pictures of a labelled folder to learn from, which to look at, and which side of the split each
// belongs to.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "winnow/core/context.hpp"
#include "winnow/curation/decisions.hpp"
#include "winnow/curation/issue.hpp"
#include "winnow/dataset/curated_manifest.hpp"
#include "winnow/dataset/duplicates.hpp"
#include "winnow/dataset/fingerprint.hpp"
#include "winnow/dataset/split.hpp"
#include "winnow/stats/matrix.hpp"

namespace winnow::curation {

// What was seen of each picture when it was read.
struct Examined {
  std::vector<Result<dataset::Fingerprint>> fingerprints;  // [samples]
  stats::Matrix embeddings;  // [samples with a fingerprint, width], rows of length 1; empty: none
};
using Examine = std::function<Examined(const dataset::Dataset& tree,
                                       const dataset::FingerprintOptions& reading, const Context& context)>;

struct CurationOptions {
  dataset::FingerprintOptions reading;
  dataset::DuplicateOptions duplicates;
  dataset::SplitOptions split;
  // Where pictures, by the SHA-256 of their files, stood in an earlier split; they stay there.
  std::map<std::string, dataset::Split> earlier;
  Decisions decisions;
  Examine examine = {};  // without it there are no embeddings, and so no outliers and label errors
  // Also reject probable label errors, if the set is one where they can be believed.
  bool reject_label_errors = false;
};

// Pictures that show the same thing; indices of rows.
struct DuplicateGroup {
  std::vector<std::size_t> rows;  // the kept ones first; in a conflict none is kept
  bool conflict = false;
};

struct ClassCounts {
  std::string label;
  std::size_t found = 0;
  std::size_t broken = 0;  // and placeholders
  std::size_t duplicates = 0;
  std::size_t conflicts = 0;
  std::size_t dropped = 0;  // by a decision, or as a probable label error
  std::size_t review = 0;   // of those kept, how many are worth a look
  std::size_t train = 0;
  std::size_t validation = 0;
  std::size_t test = 0;
  [[nodiscard]] std::size_t kept() const { return train + validation + test; }
};

// An issue that so many pictures have that it says more about the set than about any of them.
struct SetProperty {
  std::string issue;
  std::size_t count = 0;  // of the kept pictures; for class_imbalance those of the rarest class
  double share = 0;
};

// How one measure is spread over the kept pictures.
struct ScoreSpread {
  std::string title;  // for people
  std::vector<float> scores;
  double threshold = 0;  // an issue below it; 0: none
};

// What out-of-fold predictions say about the labels. Absent without embeddings or with too little to learn.
struct LabelQuality {
  double accuracy = 0;    // of the predictions, against the labels given
  double noise_rate = 0;  // estimated share of wrong labels
  bool trusted = false;   // good enough to reject by: accuracy >= 95 %, noise <= 15 %
};

struct Curation {
  dataset::CuratedManifest manifest;
  std::vector<DuplicateGroup> groups;  // of two pictures or more, conflicts and then the largest first
  std::vector<ClassCounts> classes;
  std::vector<SetProperty> properties;
  std::optional<LabelQuality> labels;
  std::vector<ScoreSpread> spreads;
  std::size_t leaks = 0;  // pairs of related pictures on two sides of the split, counted after the fact
};

// The sides of an earlier manifest, if it was split by the same fractions and seed; nothing if it was not,
// for then another split is wanted, or if there is no such manifest. Throws Error{kUnsupported} for a
// manifest of another version: it must not be written over.
[[nodiscard]] std::map<std::string, dataset::Split> earlier_split(const std::filesystem::path& file,
                                                                  const dataset::SplitOptions& options);

// Looks at every file of a folder tree; edits nothing. Equal content and options give equal results. Rejects
// for certain reasons only (broken, copies, conflicts, placeholders, decisions); all else is said of pictures
// that are kept. Throws Error{kInvalid} if no file can be used, kCancelled.
[[nodiscard]] Curation curate(const dataset::Dataset& tree, const CurationOptions& options,
                              const Context& context);

// One HTML file that opens offline: counts, duplicate groups side by side, contact sheets of what is worth a
// look, broken files. A person can decide on each picture and save the decisions. Reads the pictures that it
// shows from the tree, which is what was curated. Throws Error{kCancelled}.
[[nodiscard]] std::string render_curation_report(const dataset::Dataset& tree, const Curation& curation,
                                                 const std::string& name, const std::string& command_line,
                                                 const Context& context);

}  // namespace winnow::curation
