#include "winnow/dataset/dataset.hpp"

#include <algorithm>
#include <set>

#include "idx_files.hpp"
#include "tar_shards.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/json.hpp"
#include "winnow/core/text.hpp"
#include "winnow/dataset/curated_manifest.hpp"

namespace winnow::dataset {
namespace {

namespace fs = std::filesystem;

bool is_hidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

int index_of(const std::vector<std::string>& classes, const std::string& label) {
  return static_cast<int>(std::lower_bound(classes.begin(), classes.end(), label) - classes.begin());
}

void sort_by_path(std::vector<Sample>& samples) {
  std::sort(samples.begin(), samples.end(), [](const Sample& a, const Sample& b) { return a.path < b.path; });
}

bool has_visible_folder(const fs::path& root) {
  const fs::directory_iterator entries(root);
  return std::any_of(begin(entries), end(entries), [](const fs::directory_entry& entry) {
    std::error_code error;
    return entry.is_directory(error) && !is_hidden(entry.path());
  });
}

// "a.tar.gz" too, so that it is told how to unpack it.
bool is_named_as_tar(const fs::path& file) {
  const std::string name = to_lower(file.filename().string());
  return name.ends_with(".tar") || name.find(".tar.") != std::string::npos || name.ends_with(".tgz");
}

Dataset scan_tree(const fs::path& root) {
  Dataset dataset{root, {}, {}, false};
  for (const fs::directory_entry& entry : fs::directory_iterator(root)) {
    std::error_code error;
    if (!entry.is_directory(error) || is_hidden(entry.path())) continue;
    dataset.classes.push_back(entry.path().filename().string());
    if (!is_utf8(dataset.classes.back())) {
      throw Error(ErrorKind::kInvalid, printable(entry.path().string()),
                  "the name of a class has to be UTF-8; rename the folder");
    }
  }
  std::sort(dataset.classes.begin(), dataset.classes.end());
  for (std::size_t i = 0; i < dataset.classes.size(); ++i) {
    for (const fs::path& file : files_below(root / dataset.classes[i])) {
      dataset.samples.push_back({file.lexically_relative(root).string(), static_cast<int>(i)});
    }
  }
  if (dataset.samples.empty()) {
    throw Error(ErrorKind::kInvalid, root.string(),
                "holds no pictures; it needs one subfolder per class with images in it");
  }
  sort_by_path(dataset.samples);
  return dataset;
}

// Anything but a manifest.
Dataset open_pictures(const fs::path& root) {
  if (!fs::is_directory(root)) return open_tar_shards(root, {root});
  if (!has_visible_folder(root)) {
    if (const auto images = idx_images_in(root); !images.empty()) return open_idx_files(root, images);
    if (const auto shards = tar_files_in(root); !shards.empty()) return open_tar_shards(root, shards);
  }
  return scan_tree(root);
}

// Nothing if the root is a folder of files, or is not there: then no file will be.
std::shared_ptr<const Archive> archive_at(const fs::path& root) {
  std::error_code error;
  if (!fs::exists(root, error)) return nullptr;
  const bool is_tree =
      fs::is_directory(root) &&
      (has_visible_folder(root) || (idx_images_in(root).empty() && tar_files_in(root).empty()));
  return is_tree ? nullptr : open_pictures(root).archive;
}

Dataset from_manifest(const fs::path& file) {
  const CuratedManifest manifest = read_curated_manifest(file);
  std::set<std::string> labels;
  for (const CuratedRow& row : manifest.rows) {
    if (row.keep) labels.insert(row.label);
  }
  Dataset dataset{manifest.root, {labels.begin(), labels.end()}, {}, true};
  dataset.curation = manifest.summary;
  Json& rejected = dataset.curation["rejected"] = Json::object();
  for (const CuratedRow& row : manifest.rows) {
    if (row.keep) {
      dataset.samples.push_back({row.path, index_of(dataset.classes, row.label), row.split, row.group});
    } else if (!row.issues.empty()) {
      const std::string& reason = row.issues.back().code;
      rejected[reason] = rejected.value(reason, 0) + 1;
    }
  }
  if (dataset.samples.empty()) throw Error(ErrorKind::kInvalid, file.string(), "keeps no image at all");
  sort_by_path(dataset.samples);
  dataset.archive = archive_at(manifest.root);
  return dataset;
}

}  // namespace

Result<Bytes> Dataset::read(const Sample& sample, std::uint64_t max_bytes) const {
  return archive ? archive->read(sample.path, max_bytes) : try_read_file(root / sample.path, max_bytes);
}

std::string_view to_string(Split split) {
  switch (split) {
    case Split::kTrain:
      return "train";
    case Split::kValidation:
      return "val";
    case Split::kTest:
      return "test";
  }
  return "";
}

Split split_from_string(std::string_view text) {
  for (const Split split : {Split::kTrain, Split::kValidation, Split::kTest}) {
    if (text == to_string(split)) return split;
  }
  throw Error(ErrorKind::kInvalid, "",
              "\"" + std::string(text) + "\" is not a split; train, val and test are");
}

Dataset open_dataset(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) throw Error(ErrorKind::kNotFound, path.string(), "no such file or folder");
  try {
    return fs::is_directory(status) || is_named_as_tar(path) ? open_pictures(path) : from_manifest(path);
  } catch (const fs::filesystem_error& failure) {
    throw Error(ErrorKind::kIo, path.string(), failure.code().message());
  }
}

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  try {
    for (auto entry = fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied);
         entry != fs::recursive_directory_iterator(); ++entry) {
      std::error_code error;  // a link that leads nowhere or in a circle is no picture, and no reason to stop
      if (is_hidden(entry->path())) {
        if (entry->is_directory(error)) entry.disable_recursion_pending();
      } else if (entry->is_regular_file(error)) {
        files.push_back(entry->path());
      }
    }
  } catch (const fs::filesystem_error& failure) {
    throw Error(ErrorKind::kIo, folder.string(), failure.code().message());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::size_t> samples_of(const Dataset& dataset, Split split) {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < dataset.samples.size(); ++i) {
    if (dataset.samples[i].split == split) indices.push_back(i);
  }
  return indices;
}

std::vector<std::array<std::size_t, 3>> count_samples(const Dataset& dataset) {
  std::vector<std::array<std::size_t, 3>> counts(dataset.classes.size());
  for (const Sample& sample : dataset.samples) {
    ++counts[static_cast<std::size_t>(sample.label)][static_cast<std::size_t>(sample.split)];
  }
  return counts;
}

std::vector<int> labels_of(const Dataset& dataset, std::span<const std::size_t> samples) {
  std::vector<int> labels;
  for (const std::size_t i : samples) labels.push_back(dataset.samples[i].label);
  return labels;
}

std::vector<int> groups_of(const Dataset& dataset, std::span<const std::size_t> samples) {
  std::vector<int> groups;
  for (const std::size_t i : samples) groups.push_back(dataset.samples[i].group);
  return groups;
}

}  // namespace winnow::dataset
