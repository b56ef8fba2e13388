// The folder that scraping makes; docs/formats/image-set.md describes it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <set>
#include <string>

#include "winnow/core/bytes.hpp"
#include "winnow/scraping/manifest_row.hpp"

namespace winnow::scraping {

// True if there is a manifest in the folder.
[[nodiscard]] bool is_image_set(const std::filesystem::path& folder);

// Calls row for every row of a set's manifest, in order. Throws Error{kNotFound | kIo | kInvalid}.
void read_manifest(const std::filesystem::path& folder, const std::function<void(const ManifestRow&)>& row);

// The name a picture gets: "cat/0123456789abcdef.jpg".
[[nodiscard]] std::string image_file_name(const std::string& label, std::string_view sha256,
                                          std::string_view extension);

// Writes ATTRIBUTION.md from the manifest, for the pictures that are there, whole or not at all. Throws as
// read_manifest, and Error{kIo}.
void write_attribution(const std::filesystem::path& folder);

// Adds to a set, or begins one. Pictures appear whole or not at all, and a row is written, in one piece,
// after its picture. Single pictures are not synced to the disk: with thousands of them that costs more than
// fetching them. sync() makes all of them durable together; after a power failure before it, opening the set
// again finds out which pictures are not whole. Thread-safe but for the constructor.
class ImageSetWriter {
 public:
  // Removes what a killed writer may have left: temporary files, a torn last line. Throws Error{kIo}, also if
  // someone else is writing to the set, and Error{kInvalid} if there is a manifest that is not ours or of
  // another version; nothing has been changed then.
  explicit ImageSetWriter(std::filesystem::path folder);
  ~ImageSetWriter();
  ImageSetWriter(const ImageSetWriter&) = delete;
  ImageSetWriter& operator=(const ImageSetWriter&) = delete;

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

  // Writes a picture under image_file_name(), which is given. Throws Error{kIo}.
  void write_image(const std::string& label, const std::string& file, ByteSpan bytes);
  // Throws Error{kIo}; the manifest then ends with the last whole row.
  void append(const ManifestRow& row);
  // Waits until everything is on the disk. Throws Error{kIo}.
  void sync();

 private:
  void repair();
  void remove_temporary_files() const;
  void append_line(std::string line);
  void need_folder(const std::string& label);

  const std::filesystem::path folder_;
  const std::filesystem::path manifest_path_;
  int manifest_ = -1;
  std::mutex mutex_;
  std::uint64_t manifest_size_ = 0;
  std::set<std::string> folders_;
};

}  // namespace winnow::scraping
