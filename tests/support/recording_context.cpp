#include "support/recording_context.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace winnow::test {

MemoryFile::MemoryFile() : descriptor_(::memfd_create("winnow-test", MFD_CLOEXEC)) {
  if (descriptor_ < 0) std::abort();
}

MemoryFile::~MemoryFile() {
  ::close(descriptor_);
}

std::string MemoryFile::text() const {
  std::string text;
  std::array<char, 4096> part{};
  while (true) {
    const ssize_t count = ::pread(descriptor_, part.data(), part.size(), static_cast<off_t>(text.size()));
    if (count <= 0) return text;
    text.append(part.data(), static_cast<std::size_t>(count));
  }
}

RecordingContext::RecordingContext(unsigned threads)
    : terminal_(file_.descriptor()),
      log_(make_logger("test", terminal_, LogFormat::kText, spdlog::level::trace)),
      context_{*log_, terminal_, stop_.get_token(), threads} {}

}  // namespace winnow::test
