#pragma once

#include <memory>
#include <mutex>
#include <string>

namespace winnow::tools {

// A file that lines are appended to, each at once and whole, so that it can be read as it grows. Thread-safe.
class AccessLogFile {
 public:
  // "-" for standard output. Throws Error{kIo}.
  explicit AccessLogFile(const std::string& path);
  ~AccessLogFile();
  AccessLogFile(const AccessLogFile&) = delete;
  AccessLogFile& operator=(const AccessLogFile&) = delete;

  // What cannot be written, because the disk is full, is lost.
  void write(std::string line);

 private:
  int descriptor_ = -1;
  std::mutex mutex_;
};

// Nothing for an empty path.
[[nodiscard]] std::unique_ptr<AccessLogFile> open_access_log(const std::string& path);

}  // namespace winnow::tools
