#include "sinks.hpp"

#include <algorithm>
#include <utility>

namespace winnow::portal {

std::optional<httpd::Problem> FormSink::take(ByteSpan piece) {
  text_ += as_text(piece);
  return std::nullopt;
}

UploadSink::UploadSink(std::unique_ptr<SpoolFile> file, std::uint64_t most, std::uint64_t claimed,
                       std::chrono::milliseconds max_time, TooLarge too_large,
                       std::atomic<std::size_t>& counter)
    : file_(std::move(file)),
      most_(most),
      claimed_(claimed),
      max_time_(max_time),
      too_large_(std::move(too_large)),
      counter_(counter),
      limit_(most) {}

UploadSink::~UploadSink() {
  --counter_;
}

void UploadSink::allow(std::uint64_t limit) {
  const std::lock_guard lock(mutex_);
  limit_ = limit;
}

void UploadSink::refuse(httpd::Problem problem) {
  const std::lock_guard lock(mutex_);
  refusal_ = std::move(problem);
}

std::optional<httpd::Problem> UploadSink::take(ByteSpan piece) {
  std::uint64_t limit = 0;
  {
    const std::lock_guard lock(mutex_);
    if (refusal_) return refusal_;
    limit = limit_;
  }
  if (std::max(claimed_, file_->bytes() + piece.size()) > limit) return too_large_(limit);
  if (file_->write(piece) == 0) return std::nullopt;
  return httpd::Problem{
      503, "no-room", "The server has no room for uploads; try again later.", {{"Retry-After", "60"}}};
}

}  // namespace winnow::portal
