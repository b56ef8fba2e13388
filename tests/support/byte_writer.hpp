#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "winnow/core/bytes.hpp"

namespace winnow::test {

// Puts files together by hand.
class ByteWriter {
 public:
  // The lowest `bytes` bytes of value.
  ByteWriter& little(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) buffer_ += static_cast<char>(value >> (8 * i));
    return *this;
  }
  ByteWriter& big(std::uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) buffer_ += static_cast<char>(value >> (8 * i));
    return *this;
  }
  ByteWriter& text(std::string_view text) {
    buffer_ += text;
    return *this;
  }
  ByteWriter& bytes(ByteSpan data) { return text(as_text(data)); }
  ByteWriter& zeros(std::size_t count) {
    buffer_.append(count, '\0');
    return *this;
  }

  [[nodiscard]] std::size_t size() const { return buffer_.size(); }
  [[nodiscard]] ByteSpan written() const { return as_bytes(buffer_); }
  [[nodiscard]] Bytes take() const { return {buffer_.begin(), buffer_.end()}; }

 private:
  std::string buffer_;
};

}  // namespace winnow::test
