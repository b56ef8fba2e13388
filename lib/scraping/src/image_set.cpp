#include "winnow/scraping/image_set.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "winnow/core/atomic_file.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"

namespace winnow::scraping {
namespace {

constexpr std::string_view kManifestName = "manifest.jsonl";

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& doing, int error_number) {
  throw Error(ErrorKind::kIo, path.string(), "cannot " + doing + ": " + system_message(error_number));
}

std::string head_line() {
  return to_line({{"format", kManifestFormat}, {"version", kManifestVersion}});
}

[[noreturn]] void refuse_foreign(const std::filesystem::path& path) {
  throw Error(ErrorKind::kInvalid, path.string(), "is not a manifest that winnow-scrape wrote");
}

void check_head(const Json& head, const std::filesystem::path& path) {
  const auto is = [&](const char* member, const Json& value) {
    return head.contains(member) && head[member] == value;
  };
  if (!is("format", kManifestFormat)) refuse_foreign(path);
  if (!is("version", kManifestVersion)) {
    throw Error(ErrorKind::kInvalid, path.string(), "was written by another version of winnow; use that one");
  }
}

}  // namespace

bool is_image_set(const std::filesystem::path& folder) {
  std::error_code error;
  return std::filesystem::exists(folder / kManifestName, error);
}

void read_manifest(const std::filesystem::path& folder, const std::function<void(const ManifestRow&)>& row) {
  const std::filesystem::path path = folder / kManifestName;
  bool has_head = false;
  read_json_lines(path, [&](const Json& json, std::size_t number) {
    if (number == 1) {
      check_head(json, path);
      has_head = true;
    } else {
      row(row_from_json(json, fmt::format("{}:{}", path.string(), number)));
    }
  });
  if (!has_head) refuse_foreign(path);
}

std::string image_file_name(const std::string& label, std::string_view sha256, std::string_view extension) {
  return fmt::format("{}/{}.{}", label, sha256.substr(0, 16), extension);
}

ImageSetWriter::ImageSetWriter(std::filesystem::path folder)
    : folder_(std::move(folder)), manifest_path_(folder_ / kManifestName) {
  winnow::create_directories(folder_);
  manifest_ = ::open(manifest_path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (manifest_ < 0) fail(manifest_path_, "open", errno);
  try {
    if (::flock(manifest_, LOCK_EX | LOCK_NB) != 0) {
      throw Error(ErrorKind::kIo, folder_.string(), "another process is writing to this image set");
    }
    repair();
  } catch (...) {
    ::close(manifest_);
    throw;
  }
}

ImageSetWriter::~ImageSetWriter() {
  ::close(manifest_);
}

// Nothing is changed before it is clear that the set is ours: someone else's manifest.jsonl stays as it is.
void ImageSetWriter::repair() {
  const Bytes content = read_file(manifest_path_);
  const std::string_view text = as_text(content);
  const std::size_t head_end = text.find('\n');
  if (head_end == std::string_view::npos) {
    // Empty, or as far as a killed writer came with the head.
    if (!(head_line() + '\n').starts_with(text)) refuse_foreign(manifest_path_);
  } else {
    check_head(Json::parse(text.substr(0, head_end), nullptr, false), manifest_path_);
    remove_temporary_files();
  }
  const std::size_t last = text.rfind('\n');
  manifest_size_ = last == std::string_view::npos ? 0 : last + 1;
  if (manifest_size_ != text.size() && ::ftruncate(manifest_, static_cast<off_t>(manifest_size_)) != 0) {
    fail(manifest_path_, "write", errno);
  }
  if (manifest_size_ == 0) append_line(head_line());
}

void ImageSetWriter::remove_temporary_files() const {
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (!entry.path().filename().string().starts_with(kTemporaryFilePrefix)) continue;
    std::error_code ignored;
    std::filesystem::remove(entry.path(), ignored);
  }
}

void ImageSetWriter::append(const ManifestRow& row) {
  std::string line = to_line(to_json(row));
  const std::lock_guard lock(mutex_);
  append_line(std::move(line));
}

void ImageSetWriter::append_line(std::string line) {
  line += '\n';
  if (const int error_number = write_all(manifest_, as_bytes(line)); error_number != 0) {
    // Not even the beginning of a row may stay, or the next run would find a broken one in the middle.
    (void)!::ftruncate(manifest_, static_cast<off_t>(manifest_size_));
    fail(manifest_path_, "write", error_number);
  }
  manifest_size_ += line.size();
}

void ImageSetWriter::need_folder(const std::string& label) {
  const std::lock_guard lock(mutex_);
  if (!folders_.contains(label)) {
    winnow::create_directories(folder_ / label);
    folders_.insert(label);
  }
}

void ImageSetWriter::write_image(const std::string& label, const std::string& file, ByteSpan bytes) {
  need_folder(label);
  AtomicFile written(folder_ / file, Durability::kUnsynced, folder_);
  written.write(bytes);
  written.commit();
}

void ImageSetWriter::sync() {
  if (::syncfs(manifest_) != 0) fail(folder_, "write", errno);
}

}  // namespace winnow::scraping
