#include "serve/access_log_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"

namespace winnow::tools {

AccessLogFile::AccessLogFile(const std::string& path) {
  constexpr mode_t kPrivate = 0640;  // it says who asked
  descriptor_ = path == "-" ? ::dup(STDOUT_FILENO)
                            : ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, kPrivate);
  if (descriptor_ < 0) throw Error(ErrorKind::kIo, path, system_message(errno));
}

AccessLogFile::~AccessLogFile() {
  ::close(descriptor_);
}

void AccessLogFile::write(std::string line) {
  line += '\n';
  const std::lock_guard lock(mutex_);
  (void)write_all(descriptor_, as_bytes(line));
}

std::unique_ptr<AccessLogFile> open_access_log(const std::string& path) {
  return path.empty() ? nullptr : std::make_unique<AccessLogFile>(path);
}

}  // namespace winnow::tools
