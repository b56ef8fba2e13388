#include "file_to_send.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace winnow::net {

FileToSend::FileToSend(const std::filesystem::path& path)
    : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  struct stat status {};
  const int failed = descriptor_ < 0 ? errno : ::fstat(descriptor_, &status) != 0 ? errno : 0;
  if (failed == 0 && S_ISREG(status.st_mode)) {
    bytes_ = static_cast<std::uint64_t>(status.st_size);
    return;
  }
  if (descriptor_ >= 0) ::close(descriptor_);
  throw Error(failed == ENOENT ? ErrorKind::kNotFound : ErrorKind::kIo, path.string(),
              failed != 0 ? system_message(failed) : "is no regular file");
}

FileToSend::~FileToSend() {
  ::close(descriptor_);
}

S3Body FileToSend::part(std::uint64_t offset, std::uint64_t size, Sha256* whole) const {
  Sha256 hash;
  Bytes block(std::min<std::uint64_t>(size, 256 * 1024));
  for (std::uint64_t done = 0; done < size;) {
    const std::size_t wanted = std::min<std::uint64_t>(block.size(), size - done);
    const ssize_t got = ::pread(descriptor_, block.data(), wanted, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      throw Error(ErrorKind::kIo, path_.string(), got < 0 ? system_message(errno) : "has become shorter");
    }
    const ByteSpan piece = ByteSpan(block).first(static_cast<std::size_t>(got));
    hash.update(piece);
    if (whole != nullptr) whole->update(piece);
    done += piece.size();
  }
  return {{}, descriptor_, offset, size, hash.finish()};
}

}  // namespace winnow::net
