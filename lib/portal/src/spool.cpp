#include "spool.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/jobs/queue.hpp"

namespace winnow::portal {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = ".winnow-upload-";

Error trouble(const fs::path& path, int error) {
  return Error(ErrorKind::kIo, path.string(), system_message(error));
}

}  // namespace

SpoolFile::~SpoolFile() {
  std::error_code ignored;
  fs::remove(path_, ignored);
  ::close(descriptor_);
}

int SpoolFile::write(ByteSpan bytes) {
  const int error = write_all(descriptor_, bytes);
  if (error == 0) bytes_ += bytes.size();
  return error;
}

Spool::Spool(fs::path folder) : folder_(std::move(folder)) {
  winnow::create_directories(folder_);
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
    if (!entry.path().filename().string().starts_with(kPrefix)) continue;
    const int descriptor = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) continue;
    std::error_code ignored;
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) fs::remove(entry.path(), ignored);
    ::close(descriptor);
  }
  if (error) throw Error(ErrorKind::kIo, folder_.string(), error.message());
}

std::unique_ptr<SpoolFile> Spool::create() {
  const fs::path path = folder_ / (std::string(kPrefix) + jobs::make_id());
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) throw trouble(path, errno);
  auto file = std::make_unique<SpoolFile>(descriptor, path);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) throw trouble(path, errno);
  return file;
}

FileView::FileView(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw trouble(path, errno);
  struct stat status {};
  int error = ::fstat(descriptor, &status) == 0 ? 0 : errno;
  if (error == 0 && status.st_size > 0) {
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (memory == MAP_FAILED) {
      error = errno;
    } else {
      bytes_ = {static_cast<const std::uint8_t*>(memory), size};
    }
  }
  ::close(descriptor);
  if (error != 0) throw trouble(path, error);
}

FileView::~FileView() {
  if (!bytes_.empty()) ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

}  // namespace winnow::portal
