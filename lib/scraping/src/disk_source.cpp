#include "winnow/scraping/disk_source.hpp"

#include <algorithm>
#include <memory>

#include "winnow/core/error.hpp"
#include "winnow/core/tar_index.hpp"
#include "winnow/image/format.hpp"
#include "winnow/scraping/label.hpp"
#include "winnow/scraping/local_file.hpp"

namespace winnow::scraping {
namespace {

namespace fs = std::filesystem;

// "./a" is the same as "a".
bool is_hidden(const std::string& name) {
  const fs::path path(name);
  return std::any_of(path.begin(), path.end(), [](const fs::path& part) {
    return part.native().starts_with('.') && part != "." && part != "..";
  });
}

}  // namespace

DiskSource::DiskSource(fs::path path, std::string default_label)
    : path_(std::move(path)), default_label_(std::move(default_label)) {
  std::error_code error;
  is_archive_ = !fs::is_directory(path_, error);
  if (is_archive_) {
    list_archive();
  } else {
    list_folder();
  }
  std::string last_label;  // mostly the same for many files
  for (const Picture& picture : pictures_) {
    const std::string where = (path_ / picture.name).string();
    const std::string label = label_of(picture.name);
    if (label.empty()) throw Error(ErrorKind::kUsage, where, "has no label, and none was given");
    if (label != last_label) check_label(where, label);
    last_label = label;
  }
}

void DiskSource::list_folder() {
  std::error_code error;
  fs::recursive_directory_iterator entry(path_, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->path().filename().native().starts_with('.')) {
      entry.disable_recursion_pending();
      continue;
    }
    std::error_code gone;  // a link to nowhere
    if (!entry->is_regular_file(gone) || gone) continue;
    const std::uint64_t size = entry->file_size(gone);
    if (!gone) add({entry->path().lexically_relative(path_).string(), 0, size});
  }
  if (error) throw Error(ErrorKind::kIo, path_.string(), "cannot be listed: " + error.message());
  std::sort(pictures_.begin(), pictures_.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

void DiskSource::list_archive() {
  TarIndex archive(path_);
  while (std::optional<TarIndex::Entry> entry = archive.next()) {
    if (!is_hidden(entry->name)) add({std::move(entry->name), entry->offset, entry->size});
  }
}

void DiskSource::add(Picture picture) {
  if (image::is_picture_name(picture.name)) pictures_.push_back(std::move(picture));
}

std::string DiskSource::label_of(const std::string& name) const {
  const std::string folder = fs::path(name).parent_path().filename().string();
  return folder.empty() || folder == "." ? default_label_ : folder;
}

std::optional<Finding> DiskSource::next(const std::stop_token& stop) {
  if (stop.stop_requested() || next_ == pictures_.size()) return std::nullopt;
  const Picture& picture = pictures_[next_++];
  const fs::path whole = path_ / picture.name;
  Candidate candidate{.url = whole.string(), .label = label_of(picture.name), .source = "disk"};
  candidate.file =
      std::make_shared<const LocalFile>(LocalFile{is_archive_ ? path_ : whole, picture.offset, picture.size});
  return Finding{std::move(candidate), std::nullopt};
}

}  // namespace winnow::scraping
