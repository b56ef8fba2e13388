#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "winnow/scraping/candidate.hpp"

namespace winnow::scraping {

// The pictures of a folder, with all that is below it, or of an uncompressed tar archive: every file with the
// name of a picture (jpg, png, webp, gif, avif, bmp). The folder that a file lies in names its label; files
// at the top have the default label. Hidden files and folders are passed over, and in archives all but files.
class DiskSource : public CandidateSource {
 public:
  // Looks through all names, so that a mistake shows before anything has been read. Throws Error{kNotFound |
  // kIo | kInvalid}, and {kUsage} for labels that cannot be folder names or are missing.
  DiskSource(std::filesystem::path path, std::string default_label);

  std::optional<Finding> next(const std::stop_token& stop) override;
  [[nodiscard]] std::size_t expected() const override { return pictures_.size(); }

 private:
  struct Picture {
    std::string name;  // from the folder or in the archive
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };

  void list_folder();
  void list_archive();
  void add(Picture picture);
  [[nodiscard]] std::string label_of(const std::string& name) const;

  const std::filesystem::path path_;
  const std::string default_label_;
  bool is_archive_ = false;
  std::vector<Picture> pictures_;  // in the order of their names, or of the archive
  std::size_t next_ = 0;
};

}  // namespace winnow::scraping
