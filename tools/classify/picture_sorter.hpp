#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "winnow/core/log.hpp"
#include "winnow/inference/answer.hpp"

namespace winnow::tools {

// Files pictures by label: FOLDER/label/name, or FOLDER/none_of_these/name. Hard links where that can be,
// else copies. Never moves or replaces anything: a picture that is there already is left, and another one of
// the same name gets a number.
class PictureSorter {
 public:
  // classes: of the model. Their folders are named like them as far as a file system lets them.
  PictureSorter(std::filesystem::path folder, const std::vector<std::string>& classes);

  // Throws Error{kIo}.
  void file(const std::filesystem::path& picture, const inference::Answer& answer);
  // How many pictures are in which folder.
  void report(Logger& log) const;

 private:
  const std::filesystem::path folder_;
  std::map<std::string, std::string> names_;  // of folders, by label
  std::map<std::string, std::size_t> filed_;  // by name of folder
  std::size_t present_ = 0;                   // of these, were there before
};

}  // namespace winnow::tools
