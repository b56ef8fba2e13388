#include "delimited_reader.hpp"

#include <fmt/format.h>

#include "winnow/core/error.hpp"

namespace winnow::scraping {
namespace {
constexpr int kEnd = std::char_traits<char>::eof();
constexpr std::size_t kMaxRecordBytes = 1'000'000;
}  // namespace

int DelimitedReader::get() {
  const int c = in_.rdbuf()->sbumpc();
  if (c == '\n') ++next_line_;
  return c;
}

void DelimitedReader::fail(const std::string& message) const {
  throw Error(ErrorKind::kInvalid, fmt::format("{}:{}", where_, line_), message);
}

void DelimitedReader::append(std::string& field, int c) {
  if (++record_bytes_ > kMaxRecordBytes) fail("is longer than 1 MB; is a quote missing?");
  field += static_cast<char>(c);
}

bool DelimitedReader::next(std::vector<std::string>& fields) {
  while (peek() == '\n' || peek() == '\r') get();
  if (peek() == kEnd) return false;
  line_ = next_line_;
  record_bytes_ = 0;
  fields.clear();
  End end = End::kField;
  while (end == End::kField) end = read_field(fields.emplace_back());
  return true;
}

DelimitedReader::End DelimitedReader::end_of_field(int c) {
  if (c == static_cast<unsigned char>(separator_)) return End::kField;
  if (c == '\r' && peek() == '\n') get();
  return End::kRecord;
}

DelimitedReader::End DelimitedReader::read_field(std::string& field) {
  if (peek() == '"') {
    get();
    return read_quoted(field);
  }
  while (true) {
    const int c = get();
    if (c == kEnd || c == '\n' || c == static_cast<unsigned char>(separator_) ||
        (c == '\r' && peek() == '\n')) {
      return end_of_field(c);
    }
    append(field, c);
  }
}

DelimitedReader::End DelimitedReader::read_quoted(std::string& field) {
  while (true) {
    const int c = get();
    if (c == kEnd) fail("a quoted field is never closed");
    if (c != '"') {
      append(field, c);
    } else if (peek() == '"') {
      append(field, get());
    } else {
      const int after = get();
      if (after == kEnd || after == '\n' || after == static_cast<unsigned char>(separator_) ||
          (after == '\r' && peek() == '\n')) {
        return end_of_field(after);
      }
      fail("text stands after the quote that closes a field");
    }
  }
}

}  // namespace winnow::scraping
