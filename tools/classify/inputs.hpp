#pragma once

#include <string>
#include <vector>

#include "classify/options.hpp"

namespace winnow::tools {

struct InputImage {
  std::filesystem::path file;
  std::string name;      // as it stands in the answer
  std::string expected;  // its label, where that is known
};

struct InputImages {
  std::vector<InputImage> files;
  bool from_stdin = false;  // the bytes of one image
};

// Resolves the images that the options name, in their order; folders are walked, sorted by name. Files in
// folders that are not images by name or by content are passed over. Throws Error{kUsage | kNotFound}.
[[nodiscard]] InputImages collect_inputs(const ClassifyOptions& options);

}  // namespace winnow::tools
