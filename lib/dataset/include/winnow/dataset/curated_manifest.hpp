// curated.jsonl: every image kept or rejected with its reasons, its duplicate group, its split.
// docs/formats/curated-manifest.md describes it field by field.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "winnow/core/json.hpp"
#include "winnow/dataset/dataset.hpp"

namespace winnow::dataset {

struct Issue {
  std::string code;                  // "truncated", "exact_duplicate", "label_error", ...
  std::string detail = {};           // for people: "the same bytes as cat/003.jpg"
  std::optional<double> score = {};  // in [0, 1]; what it measures depends on the code
  std::string suggested_label = {};  // of a probable label error; empty otherwise
};

struct CuratedRow {
  std::string path;   // relative to the manifest's root
  std::string label;  // to learn it as; a person may have decided otherwise than the folder says
  bool keep = true;
  std::vector<Issue> issues;  // why it was rejected, or what a person may want to look at
  std::string sha256;
  int width = 0;
  int height = 0;
  int group = -1;  // -1: rejected
  Split split = Split::kTrain;
};

struct CuratedManifest {
  std::filesystem::path root;
  std::vector<CuratedRow> rows;
  Json summary = Json::object();  // counts, seed, fractions, leaks between splits
};

// Writes to `file`; the root is stored relative to the file's folder, so both can be moved together. Atomic.
void write_curated_manifest(const std::filesystem::path& file, const CuratedManifest& manifest);

// Throws Error{kNotFound | kInvalid | kUnsupported}.
[[nodiscard]] CuratedManifest read_curated_manifest(const std::filesystem::path& file);

}  // namespace winnow::dataset
