#include "winnow/scraping/local_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "winnow/core/text.hpp"

namespace winnow::scraping {
namespace {

Failure unreadable(int error_number) {
  return {"unreadable", "cannot be read: " + system_message(error_number)};
}

}  // namespace

Result<Bytes> read_local_file(const LocalFile& file, std::uint64_t max_bytes) {
  if (file.size > max_bytes)
    return Failure{"too_large", "is larger than the limit of " + format_bytes(max_bytes)};
  // What is a pipe by now would be waited for without O_NONBLOCK.
  const int descriptor = ::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return unreadable(errno);
  Bytes bytes(static_cast<std::size_t>(file.size));
  std::size_t done = 0;
  int error_number = 0;
  while (done < bytes.size()) {
    const ssize_t count =
        ::pread(descriptor, bytes.data() + done, bytes.size() - done, static_cast<off_t>(file.offset + done));
    if (count < 0 && errno == EINTR) continue;
    error_number = count < 0 ? errno : 0;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  ::close(descriptor);
  if (error_number != 0) return unreadable(error_number);
  if (done < bytes.size()) return Failure{"unreadable", "has become shorter"};
  return bytes;
}

}  // namespace winnow::scraping
