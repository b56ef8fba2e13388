#include "winnow/serving/model_watcher.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "winnow/core/file_state.hpp"
#include "winnow/core/text.hpp"

namespace winnow::serving {
namespace {

namespace fs = std::filesystem;

// Of a version, in order of preference.
constexpr std::array kFileNames = {"model.onnx", "model.pt"};

bool is_name(std::string_view text) {
  return !text.empty() && text.front() != '.' && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

// 0 for what is no version: numbers above 0 that do not begin with one.
std::uint64_t parse_version(const std::string& text) {
  std::uint64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc{} || end != text.data() + text.size() || text.front() == '0') return 0;
  return version;
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator next(folder, error), end; !error && next != end; next.increment(error)) {
    std::error_code ignored;
    if (next->is_directory(ignored)) found.push_back(next->path());
  }
  std::ranges::sort(found);
  return found;
}

std::string to_text(const ModelId& id) {
  return fmt::format("{} version {}", id.name, id.version);
}

}  // namespace

Result<ModelSource> parse_model_source(std::string_view text) {
  ModelSource source;
  const std::size_t equals = text.find('=');
  if (equals != std::string_view::npos && is_name(text.substr(0, equals))) {
    source.name = text.substr(0, equals);
    text.remove_prefix(equals + 1);
  }
  if (text.empty()) return Failure{"invalid", "names no model; give FILE, FOLDER or NAME=FILE"};
  source.path = text;
  return source;
}

ModelWatcher::ModelWatcher(std::vector<ModelSource> sources,
                           std::map<std::string, std::map<std::string, std::uint64_t>> labels, Open open,
                           Site& site, Logger& log)
    : sources_(std::move(sources)),
      labels_(std::move(labels)),
      open_(std::move(open)),
      site_(site),
      log_(log) {}

void ModelWatcher::look_at(const ModelSource& source,
                           std::map<std::string, std::map<std::uint64_t, Found>>& found) const {
  const fs::path plain = source.path.has_filename() ? source.path : source.path.parent_path();
  std::error_code ignored;
  if (!fs::is_directory(source.path, ignored)) {
    const std::string name = source.name.empty() ? plain.stem().string() : source.name;
    found[is_name(name) ? name : "model"][1] = {source.path, file_state(source.path)};
    return;
  }
  const auto add_versions = [&](const std::string& name, const fs::path& folder) {
    for (const fs::path& version_folder : folders_in(folder)) {
      const std::uint64_t version = parse_version(version_folder.filename().string());
      for (const char* file_name : kFileNames) {
        const std::string signature = file_state(version_folder / file_name);
        if (version == 0 || signature.empty()) continue;
        found[name][version] = {version_folder / file_name, signature};
        break;
      }
    }
  };
  const std::string name = source.name.empty() ? fs::absolute(plain).filename().string() : source.name;
  add_versions(name, source.path);
  if (found.contains(name) || !source.name.empty()) return;
  for (const fs::path& folder : folders_in(source.path)) {
    if (is_name(folder.filename().string())) add_versions(folder.filename().string(), folder);
  }
}

ModelWatcher::Wanted ModelWatcher::look() const {
  Wanted wanted;
  std::map<std::string, std::map<std::uint64_t, Found>> all;
  for (const ModelSource& source : sources_) {
    std::map<std::string, std::map<std::uint64_t, Found>> found;
    look_at(source, found);
    for (auto& [name, versions] : found) {
      if (all.contains(name)) {
        throw Error(ErrorKind::kUsage, source.path.string(),
                    fmt::format("a second model called {}; name it with NAME=FILE", name));
      }
      all[name] = std::move(versions);
    }
  }
  for (auto& [name, versions] : all) {
    wanted[{name, versions.rbegin()->first}] = versions.rbegin()->second;
    const auto labels = labels_.find(name);
    if (labels == labels_.end()) continue;
    for (const auto& [label, version] : labels->second) {
      if (const auto labelled = versions.find(version); labelled != versions.end())
        wanted[{name, version}] = labelled->second;
    }
  }
  return wanted;
}

void ModelWatcher::load(const ModelId& id, const Found& found) {
  site_.open(id, open_(found.file), found.file.string());
  open_ids_.insert(id);
}

void ModelWatcher::open_all() {
  const Wanted wanted = look();
  for (const ModelSource& source : sources_) {
    std::map<std::string, std::map<std::uint64_t, Found>> found;
    look_at(source, found);
    if (found.empty()) {
      throw Error(ErrorKind::kNotFound, source.path.string(),
                  fmt::format("no models; a folder holds VERSION/FILE or NAME/VERSION/FILE, and FILE is {}",
                              fmt::join(kFileNames, " or ")));
    }
  }
  for (const auto& [name, labels] : labels_) {
    for (const auto& [label, version] : labels) {
      if (!wanted.contains({name, version}))
        throw Error(ErrorKind::kNotFound, "--label",
                    fmt::format("there is no version {} of {} for the label {}", version, name, label));
    }
  }
  // In the order of the command line, so that the first is the one that who names none gets.
  for (const ModelSource& source : sources_) {
    std::map<std::string, std::map<std::uint64_t, Found>> found;
    look_at(source, found);
    for (const auto& [id, file] : wanted) {
      if (!found.contains(id.name)) continue;
      tried_[id] = seen_[id] = file.signature;
      load(id, file);
    }
  }
}

bool ModelWatcher::refresh() {
  bool opened = false;
  Wanted wanted;
  try {
    wanted = look();
  } catch (const std::exception& error) {
    log_.warn("{}; the models stay as they are", error.what());
    return false;
  }
  for (const auto& [id, found] : wanted) {
    const bool still = std::exchange(seen_[id], found.signature) == found.signature;
    if (!still || found.signature.empty() || tried_[id] == found.signature) continue;
    tried_[id] = found.signature;
    try {
      load(id, found);
      opened = true;
      log_.info("{} is now {}", to_text(id), found.file.string());
    } catch (const std::exception& error) {
      site_.note_failed_load(id);
      log_.error("{}; {}", error.what(),
                 open_ids_.contains(id) ? "the one before goes on answering" : "passed over");
    }
  }
  drop_superseded(wanted);
  return opened;
}

// What is neither the newest nor labelled any more goes once the newest answers.
void ModelWatcher::drop_superseded(const Wanted& wanted) {
  for (auto id = open_ids_.begin(); id != open_ids_.end();) {
    const auto newest = std::find_if(wanted.rbegin(), wanted.rend(),
                                     [&](const auto& entry) { return entry.first.name == id->name; });
    const bool stays = wanted.contains(*id) || newest == wanted.rend() || !open_ids_.contains(newest->first);
    if (stays) {
      ++id;
      continue;
    }
    site_.close(*id);
    log_.info("{} has been superseded", to_text(*id));
    tried_.erase(*id);
    seen_.erase(*id);
    id = open_ids_.erase(id);
  }
}

}  // namespace winnow::serving
