#pragma once

#include <filesystem>
#include <vector>

#include "winnow/dataset/dataset.hpp"

namespace winnow::dataset {

// The tar files of a folder, sorted. Throws std::filesystem::filesystem_error.
[[nodiscard]] std::vector<std::filesystem::path> tar_files_in(const std::filesystem::path& folder);

// Labelled pictures in tar archives, as the webdataset library for Python writes them: members that share a
// name up to the first dot of its last part belong together. root: the one archive, or the folder of all. The
// label is KEY.cls, or "label" or "class" of KEY.json, or the folder that the picture lies in; numbers are
// looked up in classes.txt beside the archives, if that is there. Labels are read here, pictures when they
// are asked for. Throws Error{kInvalid | kIo}: no pictures, a damaged or compressed archive, a picture
// without a label, a name that leads out of the archive or stands there twice.
[[nodiscard]] Dataset open_tar_shards(const std::filesystem::path& root,
                                      const std::vector<std::filesystem::path>& shards);

}  // namespace winnow::dataset
