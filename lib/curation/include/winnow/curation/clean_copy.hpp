// A folder of only the pictures worth learning from, for tools that read folders.
#pragma once

#include <cstddef>
#include <filesystem>

#include "winnow/core/context.hpp"
#include "winnow/dataset/curated_manifest.hpp"

namespace winnow::curation {

struct CleanCopy {
  std::size_t linked = 0;  // hard links: no disk space, but an edit in place shows in both folders
  std::size_t copied = 0;  // where links cannot be: on another file system, or out of an archive
};

// Throws Error{kUsage} if `out` holds something, is no folder, or lies in the folder of images, where it
// would be taken for a class.
void check_clean_copy_target(const std::filesystem::path& images, const std::filesystem::path& out);

// Writes the kept pictures to out/LABEL/, named as they are; where a new label brings two of one name
// together, the second gets part of its hash. Everything is put into a hidden folder beside `out` and renamed
// at the end: an interrupted run leaves no `out`, and cleans up after itself unless it is killed.
// Throws Error as check_clean_copy_target, Error{kIo}, Error{kCancelled}.
// tree: what was curated, a sample for each row.
CleanCopy write_clean_copy(const dataset::Dataset& tree, const dataset::CuratedManifest& manifest,
                           const std::filesystem::path& out, const Context& context);

}  // namespace winnow::curation
