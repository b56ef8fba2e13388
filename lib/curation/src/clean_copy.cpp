#include "winnow/curation/clean_copy.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <set>

#include "winnow/core/atomic_folder.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/progress.hpp"

namespace winnow::curation {
namespace {

namespace fs = std::filesystem;

// Where a picture goes, below the copy: its label, and its path without the folder it lay in.
fs::path destination(const dataset::CuratedRow& row, std::set<fs::path>& taken) {
  const fs::path path = row.path;
  fs::path name;
  for (auto part = std::next(path.begin()); part != path.end(); ++part) name /= *part;
  if (name.empty()) name = path.filename();
  fs::path wanted = row.label / name;
  if (!taken.insert(wanted).second) {
    const std::string stem = fmt::format("{}-{}", name.stem().string(), row.sha256.substr(0, 12));
    wanted = row.label / name.parent_path() / (stem + name.extension().string());
    taken.insert(wanted);
  }
  return wanted;
}

// False: there was nothing to link to.
bool link_or_write(const dataset::Dataset& tree, const dataset::Sample& sample, const fs::path& to) {
  const fs::path from = tree.root / sample.path;
  if (tree.archive) {
    const Result<Bytes> bytes = tree.read(sample);
    if (!bytes) throw Error(ErrorKind::kIo, from.string(), "cannot copy: " + bytes.failure().message);
    std::ofstream out(to, std::ios::binary);  // synced with all the others
    out.write(reinterpret_cast<const char*>(bytes->data()), static_cast<std::streamsize>(bytes->size()));
    if (!out.flush()) throw Error(ErrorKind::kIo, to.string(), "cannot write: " + system_message(errno));
    return false;
  }
  if (::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), AT_SYMLINK_FOLLOW) == 0) return true;
  std::error_code error;
  fs::copy_file(from, to, error);
  if (error) throw Error(ErrorKind::kIo, from.string(), "cannot copy: " + error.message());
  return false;
}

}  // namespace

void check_clean_copy_target(const fs::path& images, const fs::path& out) {
  std::error_code error;
  if (fs::exists(out, error) && (!fs::is_directory(out, error) || !fs::is_empty(out, error))) {
    throw Error(ErrorKind::kUsage, out.string(), "is not an empty folder; name one that does not exist yet");
  }
  const fs::path root = fs::weakly_canonical(images, error);
  const fs::path target = fs::weakly_canonical(out, error);
  if (std::mismatch(root.begin(), root.end(), target.begin(), target.end()).first == root.end()) {
    throw Error(ErrorKind::kUsage, out.string(),
                "lies in the folder of images and would be taken for a class; name a folder elsewhere");
  }
}

CleanCopy write_clean_copy(const dataset::Dataset& tree, const dataset::CuratedManifest& manifest,
                           const fs::path& out, const Context& context) {
  check_clean_copy_target(manifest.root, out);
  AtomicFolder copy(out);
  CleanCopy counts;
  std::set<fs::path> taken;
  Progress progress(context.terminal, "copying", manifest.rows.size());
  for (std::size_t i = 0; i < manifest.rows.size(); ++i) {
    const dataset::CuratedRow& row = manifest.rows[i];
    throw_if_stopped(context.stop);
    progress.advance();
    if (!row.keep) continue;
    const fs::path to = copy.path() / destination(row, taken);
    std::error_code error;
    fs::create_directories(to.parent_path(), error);
    ++(link_or_write(tree, tree.samples[i], to) ? counts.linked : counts.copied);
  }
  copy.commit();
  return counts;
}

}  // namespace winnow::curation
