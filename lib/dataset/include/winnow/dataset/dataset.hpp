// Labelled pictures, wherever they come from.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/core/bytes.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/json.hpp"

namespace winnow::dataset {

enum class Split { kTrain, kValidation, kTest };

// "train", "val", "test".
[[nodiscard]] std::string_view to_string(Split split);
// Throws Error{kInvalid}.
[[nodiscard]] Split split_from_string(std::string_view text);

// Larger files are no pictures to learn from.
inline constexpr std::uint64_t kMaxPictureBytes = 256'000'000;

struct Sample {
  std::string path;  // relative to the data set's root, with '/'
  int label = 0;     // index into classes
  Split split = Split::kTrain;
  int group = 0;  // samples that show the same picture share one; a group never spans two splits
};

// Pictures that are no files of their own, such as the members of tar shards. Thread-safe.
class Archive {
 public:
  Archive() = default;
  virtual ~Archive() = default;
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  // The bytes of the picture that a sample's path names. Failure codes as those of try_read_file().
  [[nodiscard]] virtual Result<Bytes> read(const std::string& path, std::uint64_t max_bytes) const = 0;
};

struct Dataset {
  std::filesystem::path root;
  std::vector<std::string> classes;  // sorted
  std::vector<Sample> samples;       // sorted by path
  bool has_splits = false;           // false: split and group mean nothing yet
  Json curation = Json::object();    // summary of the curated manifest, with "rejected": count by reason

  // Some samples are set aside for the test, with kTest as their split; the others are yet to be dealt out.
  bool has_test = false;
  std::shared_ptr<const Archive> archive = {};  // null: each sample is a file below root

  // The bytes of a picture. Failure codes as those of try_read_file(). Thread-safe.
  [[nodiscard]] Result<Bytes> read(const Sample& sample, std::uint64_t max_bytes = kMaxPictureBytes) const;
};

// Whatever winnow learns from:
//   - a curated manifest (a file: the images it keeps, with their splits);
//   - a folder with one subfolder per class, such as an image set of winnow-scrape;
//   - a WebDataset tar shard (a file named .tar), or a folder of them;
//   - a folder of MNIST-style idx files, also compressed with gzip.
// Hidden files and folders are passed over; what is not an image shows up when it is read. The same source
// gives the same order on every run.
// Throws Error{kNotFound | kInvalid | kIo}: nothing there, no classes, a manifest of another version, a
// damaged archive.
[[nodiscard]] Dataset open_dataset(const std::filesystem::path& path);

// Every regular file below a folder, sorted; hidden ones and those in hidden folders are passed over, and so
// is what cannot be entered. Throws Error{kIo} if the folder itself cannot be read.
[[nodiscard]] std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder);

// Indices of the samples of one split.
[[nodiscard]] std::vector<std::size_t> samples_of(const Dataset& dataset, Split split);

// How many samples each class has, by split: [classes][Split].
[[nodiscard]] std::vector<std::array<std::size_t, 3>> count_samples(const Dataset& dataset);

// Of the samples with these indices.
[[nodiscard]] std::vector<int> labels_of(const Dataset& dataset, std::span<const std::size_t> samples);
[[nodiscard]] std::vector<int> groups_of(const Dataset& dataset, std::span<const std::size_t> samples);

}  // namespace winnow::dataset
