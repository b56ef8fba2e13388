#include "winnow/core/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"

namespace winnow {
namespace {

[[noreturn]] void fail(const std::filesystem::path& target, int error_number) {
  throw Error(ErrorKind::kIo, target.string(), "cannot write: " + system_message(error_number));
}

std::string temporary_name() {
  static std::atomic<unsigned> counter = 0;
  return fmt::format("{}{}-{}.tmp", kTemporaryFilePrefix, ::getpid(), counter.fetch_add(1));
}

// Said before hours of work rather than after. A rename would also turn /dev/null or a pipe into a plain
// file.
void require_replaceable(const std::filesystem::path& target) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(target, error);
  if (std::filesystem::is_directory(status)) fail(target, EISDIR);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw Error(ErrorKind::kIo, target.string(), "cannot write: not a regular file");
  }
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path target, Durability durability,
                       const std::filesystem::path& temporary_folder)
    : target_(std::move(target)), durability_(durability), descriptor_(-1) {
  require_replaceable(target_);
  const std::filesystem::path folder = temporary_folder.empty() ? target_.parent_path() : temporary_folder;
  // A killed run may have left a file of this name: in a container process ids start over.
  do {
    temporary_ = folder / temporary_name();
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (descriptor_ < 0 && errno == EEXIST);
  if (descriptor_ < 0) fail(target_, errno);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(ByteSpan bytes) {
  if (const int error_number = write_all(descriptor_, bytes); error_number != 0) fail(target_, error_number);
}

void AtomicFile::commit() {
  const bool synced = durability_ == Durability::kSynced;
  if (synced && ::fsync(descriptor_) != 0) fail(target_, errno);
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) fail(target_, errno);
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail(target_, errno);
  temporary_.clear();
  if (!synced) return;

  // The rename itself is durable only once the folder is.
  const std::filesystem::path folder = target_.has_parent_path() ? target_.parent_path() : ".";
  if (const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); directory >= 0) {
    ::fsync(directory);
    ::close(directory);
  }
}

void write_file_atomically(const std::filesystem::path& target, ByteSpan bytes) {
  AtomicFile file(target);
  file.write(bytes);
  file.commit();
}

void write_file_atomically(const std::filesystem::path& target, std::string_view text) {
  write_file_atomically(target, as_bytes(text));
}

}  // namespace winnow
