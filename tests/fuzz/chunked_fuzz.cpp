// Input: a chunked body, and what comes behind it.
#include "chunked.hpp"

#include "fuzz_target.hpp"

using namespace winnow;

namespace {

constexpr std::size_t kMaxBytes = 64;

struct Decoded {
  httpd::ChunkedDecoder::Status status = httpd::ChunkedDecoder::Status::kIncomplete;
  Bytes body;
  std::size_t used = 0;

  bool operator==(const Decoded&) const = default;
};

Decoded decode_in_steps(std::string_view input, std::size_t step) {
  httpd::ChunkedDecoder decoder(kMaxBytes);
  Decoded decoded;
  while (decoded.status == httpd::ChunkedDecoder::Status::kIncomplete && decoded.used < input.size()) {
    std::string_view piece = input.substr(decoded.used, step);
    const std::size_t before = piece.size();
    decoded.status = decoder.decode(piece, decoded.body);
    decoded.used += before - piece.size();
  }
  return decoded;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::as_input(data, size);
  const Decoded whole = decode_in_steps(input, input.size());
  fuzz::require(whole.body.size() <= kMaxBytes, "a body is not larger than allowed");
  for (const std::size_t step : {1U, 3U}) {
    const Decoded pieces = decode_in_steps(input, step);
    fuzz::require(whole.status == pieces.status, "pieces make no difference");
    if (whole.status == httpd::ChunkedDecoder::Status::kComplete) {
      fuzz::require(whole == pieces, "pieces make no difference to the body");
    }
  }
  return 0;
}
