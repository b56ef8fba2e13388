#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "winnow/core/bytes.hpp"

namespace winnow::httpd {

// Takes apart a chunked body (RFC 9112 7.1). Extensions and trailers are passed over. Strict about line ends.
// Beast's own decoder is not used: 1.81 asserts when the last chunk arrives byte by byte, and takes trailers
// for header fields.
class ChunkedDecoder {
 public:
  enum class Status { kIncomplete, kComplete, kMalformed, kTooLarge };

  explicit ChunkedDecoder(std::uint64_t max_bytes) : bytes_left_(max_bytes) {}

  // Takes what it can use from the front of input and appends the content to body, which may be emptied
  // between calls. What stays in input after kComplete belongs to the next request. Not to be called again
  // after anything but kIncomplete. A chunk that would pass max_bytes is refused when its size is read,
  // before its content arrives.
  Status decode(std::string_view& input, Bytes& body);

 private:
  enum class State { kSize, kContent, kContentEnd, kTrailer };
  Status take_line(State line_kind);

  std::uint64_t bytes_left_;  // that further chunks may have
  State state_ = State::kSize;
  std::string line_;              // the line being read, without its end
  std::uint64_t chunk_left_ = 0;  // content bytes still to come
  std::size_t trailer_bytes_ = 0;
};

}  // namespace winnow::httpd
