#include "local_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <functional>

#include "object_key.hpp"
#include "winnow/core/atomic_file.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/hash.hpp"

namespace winnow::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTrailerHead = "winnow-object 1 ";
constexpr std::size_t kHashDigits = 64;
constexpr std::size_t kSizeDigits = 20;
constexpr std::size_t kTrailerBytes = 16 + kHashDigits + 1 + kSizeDigits + 1;
static_assert(kTrailerHead.size() == 16);
constexpr std::size_t kBlock = 256 * 1024;
// Of a killed process. One that writes touches its file more often.
constexpr auto kForgotten = std::chrono::hours(24);
constexpr const char* kTemporary = ".tmp";
constexpr const char* kLock = ".lock";

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw Error(ErrorKind::kIo, path.string(), what + ": " + system_message(errno));
}

class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags) : number_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

// Folders come and go with their objects; who needs one to stay holds the lock shared, who removes one,
// alone.
class FolderLock {
 public:
  FolderLock(const fs::path& root, int how) : file_(root / kLock, O_RDWR | O_CREAT) {
    if (file_.number() < 0) fail(root / kLock, "cannot be opened");
    while (::flock(file_.number(), how) != 0) {
      if (errno != EINTR) fail(root / kLock, "cannot be locked");
    }
  }

 private:
  Descriptor file_;
};

// An object that is open for reading, as its trailer describes it.
struct Opened {
  Descriptor file;
  fs::path path;
  struct stat status {};
  ObjectInfo info;

  Opened(const fs::path& where, const std::string& key) : file(where, O_RDONLY | O_NONBLOCK), path(where) {
    info.key = key;
  }
  [[nodiscard]] Error damaged(const char* how) const { return {ErrorKind::kInvalid, path.string(), how}; }
};

std::string trailer_of(const std::string& sha256, std::uint64_t bytes) {
  return fmt::format("{}{} {:020}\n", kTrailerHead, sha256, bytes);
}

void read_trailer(Opened& object) {
  const auto size = static_cast<std::uint64_t>(object.status.st_size);
  char trailer[kTrailerBytes] = {};
  if (size < kTrailerBytes ||
      ::pread(object.file.number(), trailer, kTrailerBytes, static_cast<off_t>(size - kTrailerBytes)) !=
          static_cast<ssize_t>(kTrailerBytes)) {
    throw object.damaged("is damaged: it is shorter than any object");
  }
  const std::string_view text(trailer, kTrailerBytes);
  object.info.bytes = size - kTrailerBytes;
  object.info.sha256 = text.substr(kTrailerHead.size(), kHashDigits);
  object.info.modified = std::chrono::system_clock::from_time_t(object.status.st_mtime);
  if (text != trailer_of(object.info.sha256, object.info.bytes)) {
    throw object.damaged("is damaged: it does not end as objects do");
  }
}

void sync_folder(const fs::path& folder) {
  const Descriptor descriptor(folder, O_RDONLY | O_DIRECTORY);
  if (descriptor.number() < 0 || ::fsync(descriptor.number()) != 0) fail(folder, "cannot be synced");
}

class LocalStore final : public ObjectStore {
 public:
  LocalStore(const fs::path& folder, std::stop_token stop) : root_(folder), stop_(std::move(stop)) {
    for (const fs::path& one : {root_, root_ / kColdPrefix}) {
      winnow::create_directories(one / kTemporary);
      remove_forgotten(one / kTemporary);
    }
    const FolderLock writable(root_, LOCK_SH);
  }

  ObjectInfo put(const std::string& key, const fs::path& file) override {
    require_hot_key(key);
    const Descriptor source(file, O_RDONLY | O_NONBLOCK);
    struct stat status {};
    if (source.number() < 0 || ::fstat(source.number(), &status) != 0) {
      throw Error(errno == ENOENT ? ErrorKind::kNotFound : ErrorKind::kIo, file.string(),
                  system_message(errno));
    }
    if (!S_ISREG(status.st_mode)) throw Error(ErrorKind::kIo, file.string(), "is no regular file");
    return write(key, [&](const auto& take) { read_on(source.number(), ~0ull, file, take); });
  }

  ObjectInfo put(const std::string& key, ByteSpan content) override {
    require_hot_key(key);
    return write(key, [&](const auto& take) { take(content); });
  }

  std::optional<ObjectInfo> find(const std::string& key) override {
    const std::unique_ptr<Opened> object = open(key);
    if (!object) return std::nullopt;
    return object->info;
  }

  void fetch(const std::string& key, const fs::path& file) override {
    const std::unique_ptr<Opened> object = require(key);
    AtomicFile target(file);
    read_whole(*object, [&](ByteSpan piece) { target.write(piece); });
    target.commit();
  }

  Bytes read(const std::string& key, std::uint64_t max_bytes) override {
    const std::unique_ptr<Opened> object = require(key);
    if (object->info.bytes > max_bytes) {
      throw Error(ErrorKind::kInvalid, object->path.string(),
                  fmt::format("has more than {} bytes", max_bytes));
    }
    Bytes content;
    content.reserve(object->info.bytes);
    read_whole(*object, [&](ByteSpan piece) { content.insert(content.end(), piece.begin(), piece.end()); });
    return content;
  }

  void remove(const std::string& key) override {
    throw_if_stopped(stop_);
    const fs::path path = path_of(key);
    if (::unlink(path.c_str()) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return;
      fail(path, "cannot be removed");
    }
    sync_folder(path.parent_path());
    const FolderLock alone(root_, LOCK_EX);
    const fs::path cold = root_ / std::string(kColdPrefix.substr(0, kColdPrefix.size() - 1));
    for (fs::path folder = path.parent_path(); folder != root_ && folder != cold;
         folder = folder.parent_path()) {
      if (::rmdir(folder.c_str()) != 0) break;  // others' objects are in it
    }
  }

  std::vector<ObjectInfo> list(const std::string& prefix, const std::string& after,
                               std::size_t limit) override {
    std::vector<ObjectInfo> found;
    if (limit > 0) walk("", prefix, after, limit, found);
    return found;
  }

  std::string cool(const std::string& key) override {
    require_hot_key(key);
    const std::string cold_key = cold_key_of(key);
    const std::unique_ptr<Opened> hot = open(key);
    if (!hot) {
      check(*require(cold_key));
      return cold_key;
    }
    check(*hot);
    if (!is_copy(cold_key, *hot)) copy(*hot, cold_key);
    return cold_key;
  }

  Warmth warm(const std::string& cold_key, const std::string& key) override {
    require_key(cold_key);
    require_hot_key(key);
    const std::unique_ptr<Opened> cold = cold_key == key ? nullptr : open(cold_key);
    if (!cold) {
      check(*require(key));
      return Warmth::kReady;
    }
    if (is_copy(key, *cold)) return Warmth::kReady;
    check(*cold);
    copy(*cold, key);
    return Warmth::kReady;
  }

 private:
  using Take = std::function<void(ByteSpan)>;

  [[nodiscard]] fs::path path_of(const std::string& key) const {
    require_key(key);
    return root_ / key;
  }
  // Cold copies may lie on another file system, mounted there; their temporary files, too.
  [[nodiscard]] fs::path temporary_folder(const std::string& key) const {
    return (is_cold_key(key) ? root_ / kColdPrefix : root_) / kTemporary;
  }

  static void remove_forgotten(const fs::path& folder) {
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
      const auto written = entry.last_write_time(ignored);
      if (!ignored && written + kForgotten < fs::file_time_type::clock::now())
        fs::remove(entry.path(), ignored);
    }
  }

  // None where there is none.
  [[nodiscard]] std::unique_ptr<Opened> open(const std::string& key) const {
    throw_if_stopped(stop_);
    auto object = std::make_unique<Opened>(path_of(key), key);
    if (object->file.number() < 0) {
      if (errno == ENOENT || errno == ENOTDIR) return nullptr;
      fail(object->path, "cannot be read");
    }
    if (::fstat(object->file.number(), &object->status) != 0) fail(object->path, "cannot be read");
    if (S_ISDIR(object->status.st_mode)) return nullptr;
    if (!S_ISREG(object->status.st_mode)) throw object->damaged("is no object: not a regular file");
    read_trailer(*object);
    return object;
  }
  [[nodiscard]] std::unique_ptr<Opened> require(const std::string& key) const {
    std::unique_ptr<Opened> object = open(key);
    if (!object) throw Error(ErrorKind::kNotFound, path_of(key).string(), "is not there");
    return object;
  }

  // Hands on up to `most` bytes of a file, and returns how many.
  std::uint64_t read_on(int descriptor, std::uint64_t most, const fs::path& path, const Take& take) const {
    Bytes block(std::min<std::uint64_t>(most, kBlock));
    std::uint64_t done = 0;
    while (done < most) {
      throw_if_stopped(stop_);
      const std::size_t wanted = std::min<std::uint64_t>(block.size(), most - done);
      const ssize_t got = ::pread(descriptor, block.data(), wanted, static_cast<off_t>(done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail(path, "cannot be read");
      if (got == 0) break;
      take(ByteSpan(block).first(static_cast<std::size_t>(got)));
      done += static_cast<std::uint64_t>(got);
    }
    return done;
  }

  void read_whole(const Opened& object, const Take& take) const {
    Sha256 hash;
    const std::uint64_t bytes =
        read_on(object.file.number(), object.info.bytes, object.path, [&](ByteSpan piece) {
          hash.update(piece);
          take(piece);
        });
    if (bytes != object.info.bytes || hash.finish() != object.info.sha256) {
      throw object.damaged("is damaged: its SHA-256 is not the one it was put with");
    }
  }
  void check(const Opened& object) const {
    read_whole(object, [](ByteSpan) {});
  }

  // Writes what content(take) hands to take.
  ObjectInfo write(const std::string& key, const std::function<void(const Take&)>& content) {
    throw_if_stopped(stop_);
    const fs::path path = path_of(key);
    AtomicFile file(path, Durability::kSynced, temporary_folder(key));
    Sha256 hash;
    ObjectInfo info{.key = key};
    content([&](ByteSpan piece) {
      hash.update(piece);
      file.write(piece);
      info.bytes += piece.size();
    });
    info.sha256 = hash.finish();
    file.write(trailer_of(info.sha256, info.bytes));
    const FolderLock together(root_, LOCK_SH);
    winnow::create_directories(path.parent_path());
    file.commit();
    sync_folders_of(path);
    info.modified = std::chrono::system_clock::now();
    return info;
  }

  // A new folder is durable only once the one above it is.
  void sync_folders_of(const fs::path& path) const {
    for (fs::path folder = path.parent_path();; folder = folder.parent_path()) {
      sync_folder(folder);
      if (folder == root_ || !folder.has_relative_path()) return;
    }
  }

  // Whether key holds, undamaged, what `other` holds. A damaged one does not count: it is to be replaced.
  [[nodiscard]] bool is_copy(const std::string& key, const Opened& other) const {
    try {
      const std::unique_ptr<Opened> found = open(key);
      if (!found || found->info.sha256 != other.info.sha256) return false;
      check(*found);
      sync_folders_of(found->path);  // a crash may have come before that
      return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInvalid) throw;
      return false;
    }
  }

  // A second name for the same bytes, or a copy where the file system has no such thing.
  void copy(const Opened& from, const std::string& to) {
    static std::atomic<unsigned> counter = 0;
    const fs::path path = path_of(to);
    const fs::path link = temporary_folder(to) / fmt::format("link-{}-{}", ::getpid(), counter.fetch_add(1));
    {
      const FolderLock together(root_, LOCK_SH);
      winnow::create_directories(path.parent_path());
      ::unlink(link.c_str());  // a killed process may have had our number
      if (::link(from.path.c_str(), link.c_str()) == 0) {
        const int renamed = ::rename(link.c_str(), path.c_str());
        const int error_number = errno;
        ::unlink(link.c_str());  // renaming one name of a file over another does nothing
        errno = error_number;
        if (renamed != 0) fail(path, "cannot be written");
        sync_folders_of(path);
        return;
      }
    }
    write(to, [&](const Take& take) { read_whole(from, take); });
  }

  // Folders stand in the order of their names with the slash, as the keys below them do.
  void walk(const std::string& folder_key, const std::string& prefix, const std::string& after,
            std::size_t limit, std::vector<ObjectInfo>& found) const {
    throw_if_stopped(stop_);
    std::vector<std::string> names;
    std::error_code gone;
    for (const fs::directory_entry& entry : fs::directory_iterator(root_ / folder_key, gone)) {
      const std::string name = entry.path().filename();
      if (!name.starts_with('.')) names.push_back(entry.is_directory(gone) ? name + '/' : name);
    }
    if (gone && gone != std::errc::no_such_file_or_directory) {
      throw Error(ErrorKind::kIo, (root_ / folder_key).string(), "cannot be listed: " + gone.message());
    }
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      const std::string key = folder_key + name;
      if (found.size() == limit) return;
      if (name.ends_with('/')) {
        const bool related = key.starts_with(prefix) || prefix.starts_with(key);
        if (related && (key > after || after.starts_with(key))) walk(key, prefix, after, limit, found);
        continue;
      }
      struct stat status {};
      if (!key.starts_with(prefix) || key <= after || ::stat((root_ / key).c_str(), &status) != 0) continue;
      const auto size = static_cast<std::uint64_t>(status.st_size);
      found.push_back({key, size - std::min<std::uint64_t>(size, kTrailerBytes), "",
                       std::chrono::system_clock::from_time_t(status.st_mtime)});
    }
  }

  const fs::path root_;
  const std::stop_token stop_;
};

}  // namespace

std::unique_ptr<ObjectStore> open_local_store(const fs::path& folder, std::stop_token stop) {
  const fs::path root = fs::absolute(folder).lexically_normal();
  return std::make_unique<LocalStore>(root.has_filename() ? root : root.parent_path(), std::move(stop));
}

}  // namespace winnow::storage
