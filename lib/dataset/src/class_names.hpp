#pragma once

#include <string>
#include <utility>
#include <vector>

#include "winnow/dataset/dataset.hpp"

namespace winnow::dataset {

// Sorts the classes and the samples, which are pairs of path and name of a class. Throws Error{kInvalid},
// beginning with root, for a name that could not be that of a folder: not UTF-8, a path, hidden, or with
// control characters.
[[nodiscard]] Dataset with_class_names(const std::filesystem::path& root,
                                       const std::vector<std::pair<std::string, std::string>>& labelled);

}  // namespace winnow::dataset
