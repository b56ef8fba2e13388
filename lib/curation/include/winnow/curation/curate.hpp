// Which pictures of a labelled folder to learn from, and which side of the split each belongs to.
#pragma once

#include <string>
#include <vector>

#include "winnow/core/context.hpp"
#include "winnow/dataset/curated_manifest.hpp"
#include "winnow/dataset/duplicates.hpp"
#include "winnow/dataset/fingerprint.hpp"
#include "winnow/dataset/split.hpp"

namespace winnow::curation {

struct CurationOptions {
  dataset::FingerprintOptions reading;
  dataset::DuplicateOptions duplicates;
  dataset::SplitOptions split;
};

// Issue codes, besides those of image::decode for files that cannot be read.
inline constexpr const char* kExactDuplicate = "exact_duplicate";  // rejected; the best copy is kept
inline constexpr const char* kNearDuplicate = "near_duplicate";    // rejected; the best copy is kept
inline constexpr const char* kLabelConflict = "label_conflict";  // one picture under two labels: all rejected
inline constexpr const char* kUnreadableName = "unreadable_name";  // rejected; a manifest cannot hold it
inline constexpr const char* kWrongExtension = "wrong_extension";  // kept: the bytes decide, not the name

// Pictures that show the same thing; indices of rows.
struct DuplicateGroup {
  std::vector<std::size_t> rows;  // the kept one first; in a conflict none is kept
  bool conflict = false;
};

struct ClassCounts {
  std::string label;
  std::size_t found = 0;
  std::size_t broken = 0;
  std::size_t duplicates = 0;
  std::size_t conflicts = 0;
  std::size_t train = 0;
  std::size_t validation = 0;
  std::size_t test = 0;
  [[nodiscard]] std::size_t kept() const { return train + validation + test; }
};

struct Curation {
  dataset::CuratedManifest manifest;
  std::vector<DuplicateGroup> groups;  // of two pictures or more, largest first
  std::vector<ClassCounts> classes;
  std::size_t leaks = 0;  // groups found on both sides of a split, checked after the fact
};

// Looks at every file of a folder tree; edits nothing. Equal content and options give equal results.
// Throws Error{kInvalid} if no file can be used, kCancelled.
[[nodiscard]] Curation curate(const dataset::Dataset& tree, const CurationOptions& options,
                              const Context& context);

// One HTML file that opens offline: counts, duplicate groups side by side, broken files. Reads the pictures
// that it shows.
[[nodiscard]] std::string render_curation_report(const Curation& curation, const std::string& name,
                                                 const std::string& command_line);

}  // namespace winnow::curation
