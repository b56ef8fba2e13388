#include "winnow/core/file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "winnow/core/error.hpp"
#include "winnow/core/text.hpp"

namespace winnow {

namespace {

class Descriptor {
 public:
  // Without O_NONBLOCK a pipe would be waited for; on a regular file it means nothing.
  explicit Descriptor(const std::filesystem::path& path)
      : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int number() const { return number_; }

  // The size of a regular file, or why it is none.
  [[nodiscard]] Result<std::uint64_t> size() const {
    if (number_ < 0) return Failure{errno == ENOENT ? "missing" : "unreadable", system_message(errno)};
    struct stat status {};
    if (::fstat(number_, &status) != 0) return Failure{"unreadable", system_message(errno)};
    if (!S_ISREG(status.st_mode)) return Failure{"unreadable", "not a regular file"};
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  int number_;
};

// Up to `size` bytes; fewer if the file ends before.
Result<Bytes> read_from(const Descriptor& file, std::uint64_t offset, std::uint64_t size) {
  Bytes bytes(size);
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t count = ::pread(file.number(), bytes.data() + filled, bytes.size() - filled,
                                  static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failure{"unreadable", system_message(errno)};
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace

Result<Bytes> try_read_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  const Descriptor file(path);
  const Result<std::uint64_t> size = file.size();
  if (!size) return size.failure();
  if (*size > max_bytes) {
    return Failure{"too_large", "has " + format_bytes(*size) + ", the limit is " + format_bytes(max_bytes)};
  }
  return read_from(file, 0, *size);
}

Result<Bytes> try_read_part(const std::filesystem::path& path, std::uint64_t offset, std::uint64_t size) {
  const Descriptor file(path);
  const Result<std::uint64_t> whole = file.size();
  if (!whole) return whole.failure();
  if (offset > *whole || size > *whole - offset) return Failure{"unreadable", "has become shorter"};
  return read_from(file, offset, size);
}

Bytes read_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  Result<Bytes> bytes = try_read_file(path, max_bytes);
  if (bytes) return std::move(*bytes);
  const Failure& failure = bytes.failure();
  const ErrorKind kind = failure.code == "missing"     ? ErrorKind::kNotFound
                         : failure.code == "too_large" ? ErrorKind::kInvalid
                                                       : ErrorKind::kIo;
  throw Error(kind, path.string(), failure.message);
}

Bytes read_stream(int descriptor, const std::string& name, std::uint64_t max_bytes,
                  const std::stop_token& stop) {
  constexpr int kPollMilliseconds = 100;
  constexpr std::size_t kBlock = 65536;
  Bytes bytes;
  while (true) {
    throw_if_stopped(stop);
    pollfd arrival{descriptor, POLLIN, 0};
    if (::poll(&arrival, 1, kPollMilliseconds) == 0) continue;
    const std::size_t filled = bytes.size();
    bytes.resize(filled + kBlock);
    const ssize_t count = ::read(descriptor, bytes.data() + filled, kBlock);
    bytes.resize(filled + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0) return bytes;
    if (count < 0 && errno != EINTR) throw Error(ErrorKind::kIo, name, system_message(errno));
    if (bytes.size() > max_bytes) {
      throw Error(ErrorKind::kInvalid, name,
                  "has more than the " + format_bytes(max_bytes) + " that are read");
    }
  }
}

int write_all(int descriptor, ByteSpan bytes, std::optional<std::uint64_t> offset) {
  while (!bytes.empty()) {
    const ssize_t count = offset
                              ? ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(*offset))
                              : ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) return EIO;  // or it would go on for ever
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    if (offset) *offset += static_cast<std::uint64_t>(count);
  }
  return 0;
}

void create_directories(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) throw Error(ErrorKind::kIo, path.string(), "cannot create the folder: " + error.message());
}

}  // namespace winnow
