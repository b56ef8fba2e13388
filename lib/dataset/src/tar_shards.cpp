#include "tar_shards.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "class_names.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/json.hpp"
#include "winnow/core/tar_index.hpp"
#include "winnow/core/text.hpp"
#include "winnow/image/format.hpp"

namespace winnow::dataset {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxLabelBytes = 1'000'000;  // of a .cls or .json
constexpr std::uint64_t kMaxClassListBytes = 10'000'000;

struct Place {
  std::size_t shard = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

class TarShards : public Archive {
 public:
  explicit TarShards(std::vector<fs::path> shards) : shards_(std::move(shards)) {}

  [[nodiscard]] Result<Bytes> read(const std::string& path, std::uint64_t max_bytes) const override {
    const auto found = places_.find(path);
    if (found == places_.end()) return Failure{"missing", "is not in the archive"};
    const Place& place = found->second;
    if (place.size > max_bytes) {
      return Failure{"too_large",
                     "has " + format_bytes(place.size) + ", the limit is " + format_bytes(max_bytes)};
    }
    return try_read_part(shards_[place.shard], place.offset, place.size);
  }

  // False if there is one of this path.
  bool add(const std::string& path, const Place& place) { return places_.emplace(path, place).second; }

 private:
  std::vector<fs::path> shards_;
  std::unordered_map<std::string, Place> places_;
};

// What stands beside pictures of one key.
struct Note {
  std::optional<std::string> cls;
  std::optional<std::string> json;
};

struct Picture {
  std::string path;       // of the sample
  std::string key;        // with the folder
  std::string folder;     // last part of it; may be empty
  std::string extension;  // all behind the first dot
};

std::optional<std::uint64_t> as_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// One shard: what is in it, with labels.
class ShardReader {
 public:
  ShardReader(const fs::path& file, std::size_t number, std::string prefix,
              const std::vector<std::string>& class_list, TarShards& shards)
      : file_(file), number_(number), prefix_(std::move(prefix)), class_list_(class_list), shards_(shards) {}

  // Appends the pictures with the names of their classes.
  void read(std::vector<std::pair<std::string, std::string>>& labelled) {
    TarIndex index(file_);
    while (const std::optional<TarIndex::Entry> entry = index.next()) add(*entry);
    for (const Picture& picture : pictures_) {
      const auto note = notes_.find(picture.key);
      // What has a label beside it and another extension, such as KEY.mask.png, belongs to KEY.jpg.
      const bool is_companion = picture.extension.find('.') != std::string::npos && note != notes_.end();
      if (!is_companion) labelled.emplace_back(picture.path, label_of(picture, note));
    }
  }

 private:
  using Notes = std::map<std::string, Note>;

  [[noreturn]] void fail(const std::string& name, const std::string& message) const {
    throw Error(ErrorKind::kInvalid, fmt::format("{}: {}", file_.string(), printable(name)), message);
  }

  // Without "." and empty parts; empty if hidden.
  [[nodiscard]] std::string clean(const std::string& name) const {
    std::string path;
    for (const std::string_view part : split(name, '/')) {
      if (part == "..") fail(name, "leads out of the archive; make it anew");
      if (part.empty() || part == ".") continue;
      if (part.starts_with('.')) return "";
      if (!path.empty()) path += '/';
      path += part;
    }
    if (path.find('\0') != std::string::npos) fail(name, "is no name of a file; make the archive anew");
    return path;
  }

  void add(const TarIndex::Entry& entry) {
    const std::string name = clean(entry.name);
    const std::size_t slash = name.rfind('/');
    const std::size_t dot = name.find('.', slash == std::string::npos ? 0 : slash);
    if (name.empty() || dot == std::string::npos) return;
    const std::string key = name.substr(0, dot);
    const std::string extension = to_lower(std::string_view(name).substr(dot + 1));
    if (extension == "cls") {
      if (std::exchange(notes_[key].cls, read_text(entry))) fail(entry.name, kTwice);
    } else if (extension == "json") {
      if (std::exchange(notes_[key].json, read_text(entry))) fail(entry.name, kTwice);
    } else if (image::is_picture_name(name)) {
      const std::string folder = slash == std::string::npos ? "" : name.substr(0, slash);
      pictures_.push_back({prefix_ + name, key, folder.substr(folder.rfind('/') + 1), extension});
      if (!shards_.add(prefix_ + name, {number_, entry.offset, entry.size})) fail(entry.name, kTwice);
    }
  }

  [[nodiscard]] std::string read_text(const TarIndex::Entry& entry) const {
    if (entry.size > kMaxLabelBytes) fail(entry.name, "is too long for a label");
    const Result<Bytes> bytes = try_read_part(file_, entry.offset, entry.size);
    if (!bytes) throw Error(ErrorKind::kIo, file_.string(), bytes.failure().message);
    return std::string(trim(as_text(*bytes)));
  }

  [[nodiscard]] std::string label_of(const Picture& picture, Notes::const_iterator note) const {
    std::string label = picture.folder;
    if (note != notes_.end()) {
      const std::string json = note->second.json ? label_in(*note->second.json, picture) : "";
      const std::string cls = note->second.cls.value_or("");
      // Where one is a number and the other a name, the name says more.
      if (!json.empty()) label = json;
      if (!cls.empty() && (json.empty() || as_number(json) || !as_number(cls))) label = cls;
    }
    if (label.empty()) {
      fail(picture.path, "has no label: neither .cls, nor \"label\" in .json, nor a folder");
    }
    const std::optional<std::uint64_t> number = as_number(label);
    if (!number || class_list_.empty()) return label;
    if (*number >= class_list_.size()) {
      fail(picture.path,
           fmt::format("has label {}, but classes.txt names {} classes", *number, class_list_.size()));
    }
    return class_list_[*number];
  }

  [[nodiscard]] std::string label_in(const std::string& text, const Picture& picture) const {
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) fail(picture.key + ".json", "is not JSON");
    if (!json.is_object()) return "";
    for (const char* name : {"label", "class"}) {
      const auto found = json.find(name);
      if (found == json.end()) continue;
      if (found->is_string()) return found->get<std::string>();
      if (found->is_number_unsigned()) return std::to_string(found->get<std::uint64_t>());
    }
    return "";
  }

  static constexpr const char* kTwice = "stands there twice; make the archive anew";

  const fs::path& file_;
  const std::size_t number_;
  const std::string prefix_;  // of the paths of samples
  const std::vector<std::string>& class_list_;
  TarShards& shards_;
  Notes notes_;
  std::vector<Picture> pictures_;
};

std::vector<std::string> read_class_list(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  const fs::path file = folder / "classes.txt";
  if (!fs::exists(file, ignored)) return names;
  const Bytes bytes = read_file(file, kMaxClassListBytes);
  for (const std::string_view line : split(as_text(bytes), '\n')) names.emplace_back(trim(line));
  while (!names.empty() && names.back().empty()) names.pop_back();
  return names;
}

}  // namespace

std::vector<fs::path> tar_files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    std::error_code error;
    const bool is_hidden = entry.path().filename().native().starts_with('.');
    if (!is_hidden && to_lower(entry.path().extension().string()) == ".tar" && entry.is_regular_file(error)) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

Dataset open_tar_shards(const fs::path& root, const std::vector<fs::path>& shards) {
  const bool is_one = shards.size() == 1 && shards[0] == root;
  const std::vector<std::string> class_list = read_class_list(is_one ? root.parent_path() : root);
  const auto archive = std::make_shared<TarShards>(shards);
  std::vector<std::pair<std::string, std::string>> labelled;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const std::string prefix = is_one ? "" : shards[i].filename().string() + "/";
    ShardReader(shards[i], i, prefix, class_list, *archive).read(labelled);
  }
  if (labelled.empty()) {
    throw Error(ErrorKind::kInvalid, root.string(), "holds no pictures; put KEY.jpg and KEY.cls into it");
  }
  Dataset dataset = with_class_names(root, labelled);
  dataset.archive = archive;
  return dataset;
}

}  // namespace winnow::dataset
