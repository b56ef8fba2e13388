#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <vector>

#include "winnow/curation/curate.hpp"
#include "winnow/curation/network.hpp"

namespace winnow::tools {

struct CurateOptions {
  static constexpr const char* kName = "winnow-curate";
  static constexpr const char* kSummary =
      "Finds broken files, duplicates, outliers and probable label errors in a folder of labelled images,\n"
      "and splits the rest into train, validation and test so that copies of one picture never stand on two\n"
      "sides. Edits nothing.";
  static constexpr const char* kExample =
      "Example:\n  winnow-curate photos -o curated.jsonl --report curate.html";

  std::filesystem::path folder;
  std::filesystem::path output;
  std::filesystem::path report;
  std::vector<std::filesystem::path> decisions;
  std::filesystem::path apply;
  bool quick = false;
  curation::NetworkOptions network;
  curation::CurationOptions curation;
};

void add_options(CLI::App& app, CurateOptions& options);

}  // namespace winnow::tools
