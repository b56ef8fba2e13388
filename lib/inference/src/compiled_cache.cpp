#include "compiled_cache.hpp"

#include <algorithm>
#include <vector>

#include "winnow/core/atomic_file.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/hash.hpp"

namespace winnow::inference {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHashLength = 64;
constexpr const char* kExtension = ".compiled";

}  // namespace

CompiledCache::CompiledCache(fs::path folder, std::uintmax_t max_bytes)
    : folder_(std::move(folder)), max_bytes_(max_bytes) {}

fs::path CompiledCache::file_of(const std::string& key) const {
  return folder_ / (sha256_hex(as_bytes(key)) + kExtension);
}

std::optional<Bytes> CompiledCache::find(const std::string& key) const {
  if (folder_.empty()) return std::nullopt;
  const fs::path file = file_of(key);
  Result<Bytes> bytes = try_read_file(file, max_bytes_ + kHashLength);
  if (!bytes || bytes->size() < kHashLength) return std::nullopt;
  const std::size_t length = bytes->size() - kHashLength;
  const ByteSpan content = ByteSpan(*bytes).first(length);
  if (as_text(ByteSpan(*bytes).subspan(length)) != sha256_hex(content)) return std::nullopt;
  std::error_code error;  // only the order in which files go suffers
  fs::last_write_time(file, fs::file_time_type::clock::now(), error);
  bytes->resize(length);
  return std::move(*bytes);
}

void CompiledCache::keep(const std::string& key, ByteSpan bytes) const {
  if (folder_.empty() || bytes.size() > max_bytes_) return;
  try {
    winnow::create_directories(folder_);
    make_room(bytes.size());
    AtomicFile file(file_of(key), Durability::kUnsynced);
    file.write(bytes);
    file.write(sha256_hex(bytes));
    file.commit();
  } catch (const Error&) {
    return;
  }
}

void CompiledCache::make_room(std::uintmax_t bytes) const {
  struct Entry {
    fs::path path;
    fs::file_time_type used;
    std::uintmax_t size;
  };
  std::vector<Entry> entries;
  std::error_code error;
  for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
    std::error_code gone;  // another process may be making room, too
    const Entry entry{it->path(), it->last_write_time(gone), it->file_size(gone)};
    if (!gone && entry.path.extension() == kExtension) entries.push_back(entry);
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.used > b.used; });
  for (const Entry& entry : entries) {
    bytes += entry.size;
    if (bytes > max_bytes_) fs::remove(entry.path, error);
  }
}

}  // namespace winnow::inference
