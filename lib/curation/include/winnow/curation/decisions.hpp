// decisions.jsonl: what a person decided about single pictures while looking at the report.
// docs/formats/decisions.md describes it.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "winnow/dataset/dataset.hpp"

namespace winnow::curation {

enum class Verdict {
  kKeep,     // as it is, though it is a duplicate or something spoke against it
  kDrop,     // learn nothing from it
  kRelabel,  // keep it, under another label
};

struct Decision {
  Verdict verdict = Verdict::kKeep;
  std::string label = {};  // for kRelabel
};

using Decisions = std::map<std::string, Decision>;  // by path, relative to the folder of images

// Of two decisions on one picture the later counts. Throws Error{kNotFound | kInvalid | kUnsupported}, naming
// the line: no such file, not decisions, a picture that the folder does not hold, a label without a folder.
[[nodiscard]] Decisions read_decisions(const std::filesystem::path& file, const dataset::Dataset& tree);

}  // namespace winnow::curation
