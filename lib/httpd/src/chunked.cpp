#include "chunked.hpp"

#include <algorithm>
#include <charconv>

#include "syntax.hpp"

namespace winnow::httpd {
namespace {

constexpr std::size_t kMaxLine = 1024;
constexpr std::size_t kMaxTrailer = 8192;

}  // namespace

ChunkedDecoder::Status ChunkedDecoder::decode(std::string_view& input, Bytes& body) {
  while (!input.empty()) {
    if (state_ == State::kContent) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, input.size()));
      const ByteSpan content = as_bytes(input.substr(0, count));
      body.insert(body.end(), content.begin(), content.end());
      input.remove_prefix(count);
      chunk_left_ -= count;
      if (chunk_left_ == 0) state_ = State::kContentEnd;
      continue;
    }
    const std::size_t feed = input.find('\n');
    const std::size_t taken = feed == std::string_view::npos ? input.size() : feed + 1;
    if (line_.size() + taken > kMaxLine) return Status::kMalformed;
    line_ += input.substr(0, taken);
    input.remove_prefix(taken);
    if (feed == std::string_view::npos) return Status::kIncomplete;
    const Status status = take_line(state_);
    if (status != Status::kIncomplete) return status;
    line_.clear();
  }
  return Status::kIncomplete;
}

// line_ ends in a line feed.
ChunkedDecoder::Status ChunkedDecoder::take_line(State line_kind) {
  if (!line_.ends_with("\r\n")) return Status::kMalformed;
  const std::string_view line = std::string_view(line_).substr(0, line_.size() - 2);
  if (!is_field_value(line)) return Status::kMalformed;

  if (line_kind == State::kContentEnd) {
    state_ = State::kSize;
    return line.empty() ? Status::kIncomplete : Status::kMalformed;
  }
  if (line_kind == State::kTrailer) {
    trailer_bytes_ += line_.size();
    if (trailer_bytes_ > kMaxTrailer) return Status::kMalformed;
    return line.empty() ? Status::kComplete : Status::kIncomplete;
  }
  const std::size_t digits = std::min(line.find(';'), line.size());
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + digits, size, 16);
  if (error == std::errc::result_out_of_range) return Status::kTooLarge;
  if (error != std::errc{} || end != line.data() + digits) return Status::kMalformed;
  if (size > bytes_left_) return Status::kTooLarge;
  bytes_left_ -= size;
  chunk_left_ = size;
  state_ = size > 0 ? State::kContent : State::kTrailer;
  return Status::kIncomplete;
}

}  // namespace winnow::httpd
